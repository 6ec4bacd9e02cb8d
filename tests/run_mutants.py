"""Mutation testing of the guard, the store and the executor: `make mutants`, one of them with `--only guard`, or
some files with `--file guard/quotas.py`.

mutmut changes one expression at a time in a copy of the tree and runs the tests that reach it. A change that no test
notices is either one that nobody could notice, and then `tests/mutants.py` says why, or a test that is missing: the
exit code is 1 for those, and for explanations that fit nothing any more.

mutmut leaves alone what stands outside of functions, and functions with a decorator.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from mutants import EXPLAINED

ROOT = Path(__file__).parents[1]
COPIED = ("remediate", "tests", "playbooks", "pyproject.toml", "README.md")
PATIENCE = ("timeout_constant=5.0", "timeout_multiplier=3.0")
ALONE = ("timeout_constant=15.0", "timeout_multiplier=4.0")
"""On a busy machine a mutant may be out of time that no test noticed: it is tried again, alone, with more patience."""
TRIES = 5
"""mutmut ends where a process that a test has left behind ends beside its own; begun again, it goes on."""
UNSOUND = b"Failed to run clean test"
"""What mutmut says where a test fails without any change: it would fail for every mutant, or now and then for some."""
TIMED_OUT = frozenset({24, -24, 36, 152, 255})
KILLED = frozenset({1, 3})
SURVIVED = {0: "survived", 5: "no test", 33: "no test"}
"""What mutmut writes down for a mutant: pytest's exit code, or 33 where no test comes to it."""
UNCHECKED = None

ELSEWHERE = ("tests/store/test_hostile_files.py::test_a_large_file_takes_no_more_memory_than_its_bytes",)
"""Tests that look at a process of their own: mutmut's changes are not in it."""

FRUGAL = """
from hypothesis import Phase, settings
settings.register_profile("mutants", derandomize=True, database=None, phases=[Phase.explicit, Phase.generate])
settings.load_profile("mutants")
"""
"""The same examples for every mutant, and no time spent on making those that fail smaller."""


@dataclass(frozen=True)
class Suite:
    """What is changed, and the tests that are to notice."""

    files: tuple[str, ...]
    tests: tuple[str, ...]


SUITES = {
    "guard": Suite(("remediate/guard/*",), ("tests/guard",)),
    "store": Suite(("remediate/store/*",), ("tests/store",)),
    "executor": Suite(("remediate/executor/*",), ("tests/engine/decisions",)),
}


@dataclass(frozen=True)
class Mutant:
    """One that was tried."""

    place: str
    """Such as `guard/access.py:_short`."""
    old: str
    new: str
    exit_code: int | None

    @property
    def identity(self) -> str:
        """What an explanation names: the place, and the line as the mutant has it."""
        return f"{self.place}: {self.new or f'without {self.old}'}"

    @property
    def fate(self) -> str:
        """Time-outs are those that were out of time even when tried alone: code that never ends."""
        if self.exit_code in TIMED_OUT:
            return "timed out"
        if self.exit_code in KILLED:
            return "killed"
        return SURVIVED.get(self.exit_code, "broken") if self.exit_code is not UNCHECKED else "not tried"

    @property
    def wording(self) -> bool:
        """Whether only the words of a sentence differ. What a message says is read by people; its data is not in it."""
        pairs = zip(literals(self.old), literals(self.new), strict=False)
        changed = [(old, new) for old, new in pairs if old != new]
        return len(changed) == 1 and all(map(_reworded, changed))


def literals(code: str) -> list[str]:
    return re.findall(r'"(?:[^"\\]|\\.)*"', code)


def _reworded(pair: tuple[str, str]) -> bool:
    old, new = (text[1:-1] for text in pair)
    return bool(re.search(r"[a-z`] [a-z{]", old)) and (new == f"XX{old}XX" or new.lower() == old.lower())


def narrowed(suites: Mapping[str, Suite], files: Sequence[str]) -> dict[str, Suite]:
    """The suites that have one of these files, with no other file."""
    unknown = [
        name for name in files if not (ROOT / "remediate" / name).is_file() or name.partition("/")[0] not in suites
    ]
    if unknown:
        sys.exit(f"no file of {', '.join(suites)}: {', '.join(unknown)}")
    found: dict[str, Suite] = {}
    for name, suite in suites.items():
        if own := tuple(f"remediate/{file}" for file in files if file.startswith(f"{name}/")):
            found[name] = replace(suite, files=own)
    return found


def tried(suite: Suite, folder: Path, children: int) -> Iterator[Mutant]:
    """Runs mutmut in a copy of the tree; then once more, one by one, for those that were out of time."""
    for name in COPIED:
        source = ROOT / name
        copy = shutil.copytree if source.is_dir() else shutil.copy
        copy(source, folder / name)
    (folder / "frugal.py").write_text(FRUGAL)
    (folder / "mutants").mkdir()  # Python looks no more into a folder that was not there when it began
    _run(suite, folder, PATIENCE, children)
    found = list(results(folder))
    if any(mutant.exit_code in TIMED_OUT for mutant in found):
        _run(
            suite, folder, ALONE, 1
        )  # with other patience, mutmut tries again those that were out of time, and no others
        found = list(results(folder))
    yield from found


def _run(suite: Suite, folder: Path, patience: Sequence[str], children: int) -> None:
    (folder / "setup.cfg").write_text(_settings(suite, patience))
    environment = {**os.environ, "PYTHONPATH": str(folder / "mutants"), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-m", "mutmut", "run", "--max-children", str(children)]
    log = folder / "mutmut.log"
    for _ in range(TRIES):
        with log.open("ab") as sink:
            done = subprocess.run(
                command, cwd=folder, env=environment, stdout=sink, stderr=subprocess.STDOUT, check=False
            )
        if not done.returncode:
            return
        if UNSOUND in log.read_bytes():
            break
    sys.exit(f"mutmut ended with {done.returncode}:\n{log.read_text(errors='replace')[-4000:]}")


def _settings(suite: Suite, patience: Sequence[str]) -> str:
    lists = {
        "only_mutate": suite.files,
        "also_copy": ("frugal.py", *COPIED[1:]),
        "pytest_add_cli_args": (
            "-x",
            "-p",
            "no:cacheprovider",
            "-p",
            "frugal",
            *(f"--deselect={test}" for test in ELSEWHERE),
        ),
        "pytest_add_cli_args_test_selection": suite.tests,
    }
    body = [f"{name}=\n" + "\n".join(f"    {item}" for item in items) for name, items in lists.items()]
    return "\n".join(["[mutmut]", "source_paths=remediate", *patience, *body, ""])


def results(folder: Path) -> Iterator[Mutant]:
    """Every mutant that mutmut knows in this folder."""
    from mutmut.mutation.diff_apply import get_diff_for_mutant
    from mutmut.utils.format_utils import orig_function_and_class_names_from_key

    for meta in sorted((folder / "mutants" / "remediate").rglob("*.meta")):
        path = meta.relative_to(folder / "mutants").with_suffix("")
        for key, code in json.loads(meta.read_text())["exit_code_by_key"].items():
            function, owner = orig_function_and_class_names_from_key(key)
            before = Path.cwd()
            os.chdir(folder)
            try:
                old, new = _changed(get_diff_for_mutant(key, path=path))
            finally:
                os.chdir(before)
            place = f"{path.relative_to('remediate')}:{f'{owner}.' if owner else ''}{function}"
            yield Mutant(place, old, new, code)


def _changed(diff: str) -> tuple[str, str]:
    lines = diff.splitlines()[2:]
    old, new = ([line[1:].strip() for line in lines if line.startswith(sign)] for sign in "-+")
    return " ".join(old), " ".join(new)


def judged(mutants: Sequence[Mutant], explained: Mapping[str, str]) -> bool:
    """Prints what came of them. True if every survivor is explained, and every explanation is of a survivor."""
    fates = Counter(mutant.fate for mutant in mutants)
    lived = [m for m in mutants if m.fate in SURVIVED.values()]
    unexplained = [m for m in lived if not m.wording and m.identity not in explained]
    places = {m.place.partition(":")[0] for m in mutants}
    alive = {m.identity for m in mutants if m.fate != "killed"}
    stale = [i for i in explained if i.partition(":")[0] in places and i not in alive]
    for mutant in [*unexplained, *(m for m in mutants if m.fate in ("timed out", "broken"))]:
        print(f"\n{mutant.fate}: {mutant.identity}\n    was: {mutant.old}")
    for identity in stale:
        print(f"\nexplained, and no mutant lives that it explains: {identity}")
    wording = sum(m.wording for m in lived)
    others = [f"{fates[fate]} {fate}" for fate in ("timed out", "broken", "not tried") if fates[fate]]
    print(
        f"{len(mutants)} mutants, {fates['killed']} killed, {len(lived)} survived: "
        f"{wording} in the wording of sentences, {len(lived) - wording - len(unexplained)} explained, "
        f"{len(unexplained)} unexplained" + "".join(f"; {other}" for other in others)
    )
    return not unexplained and not stale and not fates["broken"] and not fates["not tried"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else "")
    parser.add_argument("--only", choices=SUITES, action="append", help="one package; all of them otherwise")
    parser.add_argument("--file", action="append", help="such as guard/quotas.py: nothing else is changed")
    parser.add_argument("--tests", action="append", help="only these tests, while one writes them")
    parser.add_argument("--children", type=int, default=os.cpu_count(), help="mutants tried at a time")
    parser.add_argument("--keep", type=Path, help="an empty folder to work in, and to keep")
    arguments = parser.parse_args()
    chosen = {name: SUITES[name] for name in arguments.only or SUITES}
    chosen = narrowed(chosen, arguments.file) if arguments.file else chosen
    if arguments.tests:
        chosen = {name: replace(suite, tests=tuple(arguments.tests)) for name, suite in chosen.items()}
    good = []
    for name, suite in chosen.items():
        begun = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="mutants-") as scratch:
            folder = (arguments.keep or Path(scratch)) / name
            folder.mkdir(parents=True)
            mutants = list(tried(suite, folder, arguments.children))
        good.append(judged(mutants, EXPLAINED))
        by_file = Counter(m.place.partition(":")[0] for m in mutants)
        print(f"{name}: {len(by_file)} files, {time.monotonic() - begun:.0f} s", flush=True)
    sys.exit(not all(good))


if __name__ == "__main__":
    main()
