"""Imports go down only: the floors of the program, read from its own source."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import remediate

PACKAGE = Path(remediate.__file__).parent
FLOORS = {
    "cli": 5,
    **dict.fromkeys(
        ("planner", "guard", "executor", "rollback", "drift", "preflight", "order", "audit", "proof", "replay"), 4
    ),
    **dict.fromkeys(("permissions", "session_policy", "signature", "approval", "rehearsal", "standing"), 4),
    "controls": 3,
    "culprit": 1,
    **dict.fromkeys(("account", "effective", "enrolling", "evidence", "playbook"), 2),
    **dict.fromkeys(("model", "trial", "replayed", "values", "protocols", "policy", "errors", "passwords", "words"), 1),
}
BESIDE = {
    "aws": {"model", "trial", "protocols", "policy", "errors", "passwords", "culprit", "account", "effective"},
    "store": {name for name, floor in FLOORS.items() if floor < 5},
    "render": {name for name, floor in FLOORS.items() if floor < 5},
    "sandbox": {"errors", "model", "account"},  # it makes the twin of an account that was read
}
"""What stands beside the floors, and what of them it may import; only the command line imports it."""

MODULES = {path.relative_to(PACKAGE).with_suffix("").as_posix(): path for path in PACKAGE.rglob("*.py")}


def imports(path: Path, *, at_import: bool = False) -> Iterator[str]:
    """Whole names of the modules a file imports: everywhere, or only those that it imports when it is imported."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    nodes = _executed(tree) if at_import else ast.walk(tree)
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path}: imports are written in full"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _executed(tree: ast.AST) -> Iterator[ast.AST]:
    """What runs at import: not the bodies of functions, nor what is there for the type checker alone."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            continue
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            yield from (n for child in node.orelse for n in (child, *_executed(child)))
            continue
        yield node
        yield from _executed(node)


def part_of(module: str) -> str:
    """`remediate.aws.reader.part` is of `aws`; the package itself is of nothing."""
    names = module.split(".")
    return names[1] if names[0] == "remediate" and len(names) > 1 else ""


@pytest.mark.parametrize("name", sorted(MODULES))
def test_imports_go_down_only(name: str) -> None:
    part = name.split("/", maxsplit=1)[0]
    if part in ("__init__", "__main__"):
        assert not [m for m in imports(MODULES[name]) if part_of(m)] or part == "__main__"
        return
    assert part in FLOORS or part in BESIDE, f"{name} stands on no floor"
    for module in imports(MODULES[name]):
        other = part_of(module)
        if other in ("", "__version__", part):
            continue
        if part in BESIDE:
            assert other in BESIDE[part], f"{name} imports {module}"
        elif other in BESIDE:
            assert part == "cli", f"{name} imports {module}: only the command line may"
        else:
            assert FLOORS[other] <= FLOORS[part], f"{name} imports {module}, which is above it"


HOMES = {
    "boto3": ("aws/",),
    "botocore": ("aws/",),
    "cryptography": ("controls/", "sandbox/", "signature", "store/keys"),
    "moto": ("sandbox/",),
    "werkzeug": ("sandbox/",),
    "jinja2": ("render/",),
    "tabulate": ("render/", "cli/"),
    "rich": ("cli/",),
    "typer": ("cli/",),
    "apscheduler": ("cli/",),
    "policy_sentry": ("policy/",),
    "yaml": ("playbook/", "cli/"),
    "filelock": ("store/",),
}


@pytest.mark.parametrize(("library", "homes"), HOMES.items())
def test_each_library_has_its_place(library: str, homes: tuple[str, ...]) -> None:
    users = {name for name, path in MODULES.items() if library in {m.split(".")[0] for m in imports(path)}}
    assert users, f"nobody uses {library}"
    assert not {name for name in users if not name.startswith(homes)}


HEAVY = tuple(
    "boto3 botocore cryptography moto werkzeug jinja2 apscheduler rich tabulate hypothesis dask policy_sentry".split()
)


def test_nothing_heavy_is_imported_by_the_command_line() -> None:
    script = f"import sys, remediate.cli; print(*(m for m in {HEAVY!r} if m in sys.modules))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.split() == []


def test_nothing_heavy_is_imported_at_module_level_anywhere() -> None:
    heavy = [
        (name, module)
        for name, path in MODULES.items()
        for module in imports(path, at_import=True)
        if module.split(".")[0] in HEAVY and not name.startswith("sandbox/")
    ]
    assert heavy == []


CLOCKS = {"time.time", "time.monotonic", "datetime.now", "datetime.utcnow", "datetime.today", "date.today"}


@pytest.mark.parametrize("name", sorted(n for n in MODULES if FLOORS.get(n.split("/")[0], 5) < 5))
def test_pure_code_never_asks_the_clock_nor_the_disk(name: str) -> None:
    """`now` is an argument. Playbooks are the one thing below the command line that is read from a file."""
    tree = ast.parse(MODULES[name].read_text(encoding="utf-8"))
    calls = {ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    assert not {c for c in calls if c in CLOCKS or c.endswith((".utcnow", ".today"))}
    assert not calls & {"open", "print", "input"}
    if not name.startswith("playbook/"):
        assert not {c for c in calls if c.endswith((".write_text", ".read_text", ".write_bytes", ".read_bytes"))}
        assert "os" not in {m.split(".")[0] for m in imports(MODULES[name])}
