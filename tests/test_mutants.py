"""Explanations of mutants are of lines that stand in the source; `make mutants` tells those that fit no survivor."""

import ast
import re
from pathlib import Path

import pytest
from mutants import EXPLAINED

SOURCE = Path(__file__).parents[1] / "remediate"
FORCED = re.compile(r" \((.+?)\) (?:or True|and False)")
"""A condition that a mutant takes for granted."""


def lines_of(place: str) -> list[str]:
    """The lines of a function, by a place such as `guard/access.py:Proof._would`."""
    file, _, name = place.partition(":")
    text = (SOURCE / file).read_text()
    node: ast.AST = ast.parse(text)
    for part in name.split("."):
        node = next(
            below for below in ast.iter_child_nodes(node)
            if isinstance(below, ast.ClassDef | ast.FunctionDef) and below.name == part
        )  # fmt: skip
    assert isinstance(node, ast.FunctionDef)
    return [line.strip() for line in text.splitlines()[node.lineno - 1 : node.end_lineno]]


def is_mutant(line: str, mutant: str) -> bool:
    """Whether one may come of the other: most of the line is as it was, before and after what is changed."""
    if FORCED.sub(r" \1", mutant) == line:
        return True
    before = shared(line, mutant)
    after = shared(line[before:][::-1], mutant[before:][::-1])
    return line != mutant and before + after > min(len(line), len(mutant)) * 2 / 3


def shared(one: str, other: str) -> int:
    """How many characters they begin with alike."""
    return next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


@pytest.mark.parametrize("identity", EXPLAINED)
def test_an_explanation_is_of_a_line_that_is_there(identity: str) -> None:
    place, _, mutant = identity.partition(": ")
    assert any(is_mutant(line, mutant) for line in lines_of(place))
