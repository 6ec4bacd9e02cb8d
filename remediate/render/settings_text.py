"""The settings of a control as a playbook may give them: type, bounds, default and meaning, taken from its struct."""

import ast
import inspect
import textwrap
from collections.abc import Mapping
from itertools import pairwise
from typing import Any, NamedTuple

import msgspec
from msgspec import inspect as types

from remediate.render.diff import compact

WORDS: Mapping[type[types.Type], str] = {
    types.BoolType: "true or false",
    types.IntType: "whole number",
    types.FloatType: "number",
    types.StrType: "text",
    types.NoneType: "null",
    types.DateType: "date",
    types.CustomType: "name of a file",
}


class Setting(NamedTuple):
    name: str
    type: str
    default: str
    doc: str


def settings_of(struct: type[msgspec.Struct]) -> list[Setting]:
    """One entry a field, in the order of the struct."""
    info = types.type_info(struct)
    assert isinstance(info, types.StructType)
    docs = _docs(struct)
    return [Setting(f.encode_name, words(f.type), _default(f), docs.get(f.name, "")) for f in info.fields]


def words(kind: types.Type) -> str:
    """A type in words: `whole number, 6 to 128, or null`."""
    match kind:
        case types.UnionType(types=several):
            return ", or ".join(words(part) for part in several)
        case types.Metadata(type=inner):
            return words(inner)
        case types.DictType(key_type=key, value_type=value):
            return f"{words(key)} to {words(value)}"
        case types.ListType(item_type=item) | types.VarTupleType(item_type=item) | types.SetType(item_type=item):
            return f"list of {words(item)}"
        case types.LiteralType(values=values):
            return f"one of {', '.join(str(value) for value in values)}"
        case types.StructType(cls=cls):
            return cls.__name__.lower()
        case _:
            return ", ".join([WORDS.get(type(kind), type(kind).__name__.removesuffix("Type").lower()), *_bounds(kind)])


def _bounds(kind: types.Type) -> list[str]:
    if isinstance(kind, types.IntType | types.FloatType):
        return _range(kind.ge, kind.le)
    if isinstance(kind, types.StrType):
        length = [f"{part} characters" for part in _range(kind.min_length, kind.max_length)]
        return [*length, *([f"as {kind.pattern}"] if kind.pattern else [])]
    return []


def _range(least: float | None, most: float | None) -> list[str]:
    if least is not None and most is not None:
        return [f"{least} to {most}"]
    return [f"at least {least}"] * (least is not None) + [f"at most {most}"] * (most is not None)


def _default(field: types.Field) -> str:
    if field.required:
        return "required"
    value: Any = field.default if field.default is not msgspec.NODEFAULT else field.default_factory()
    return compact(value)


def _docs(struct: type[msgspec.Struct]) -> dict[str, str]:
    """The string below each field. Python keeps none at run time, so they are read from the source."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(struct)))
    except OSError:
        return {}
    body = tree.body[0].body if isinstance(tree.body[0], ast.ClassDef) else []
    found: dict[str, str] = {}
    for field, text in pairwise(body):
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name) and isinstance(text, ast.Expr):
            value = text.value.value if isinstance(text.value, ast.Constant) else None
            if isinstance(value, str):
                found[field.target.id] = " ".join(value.split())
    return found
