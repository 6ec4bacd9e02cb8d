"""What is generated from the code, and where it stands. `make docs` writes it; a test compares it.

python tests/generated.py
"""

from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
SCHEMA = ROOT / "playbooks" / "playbook.schema.json"


def schema_text() -> str:
    from remediate.controls import SETTINGS
    from remediate.playbook.schema import schema

    encoded = msgspec.json.encode(schema(SETTINGS), order="sorted")
    return msgspec.json.format(encoded, indent=2).decode() + "\n"


def controls() -> str:
    from remediate.controls import CONTROLS
    from remediate.render.controls_text import controls_markdown

    return controls_markdown(CONTROLS.values()).strip()


def permissions() -> str:
    from remediate.aws.resources import RESOURCES
    from remediate.controls import CONTROLS
    from remediate.permissions import actions_of
    from remediate.render.controls_text import actions_markdown

    return actions_markdown((c.id, actions_of(c.kinds, RESOURCES)) for c in CONTROLS.values())


def promises() -> str:
    from promises import PROMISES

    rows = [f"| {number} | {promise} | {_names(tests)} |" for number, promise, tests in PROMISES]
    return "\n".join(["| | promise | tests |", "|---|---|---|", *rows])


def _names(tests: tuple[str, ...]) -> str:
    """Links to the files, by the tests' names."""
    parts = [test.partition("::") for test in tests]
    return ", ".join(f"[`{name}`]({path})" for path, _, name in parts)


PARTS: Mapping[str, Callable[[], str]] = {"controls": controls, "permissions": permissions, "promises": promises}


def readme_text() -> str:
    """The README with its generated parts made anew."""
    text = README.read_text(encoding="utf-8")
    for name, make in PARTS.items():
        before, _, rest = text.partition(f"<!-- {name} -->")
        after = rest.partition(f"<!-- /{name} -->")[2]
        text = f"{before}<!-- {name} -->\n{make()}\n<!-- /{name} -->{after}"
    return text


def main() -> None:
    README.write_text(readme_text(), encoding="utf-8")
    SCHEMA.write_text(schema_text(), encoding="utf-8")


if __name__ == "__main__":
    main()
