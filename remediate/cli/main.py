"""All commands, and the one place where errors become exit codes. A command imports what is heavy when it runs."""

import sys
from collections.abc import Sequence

import typer
from typer.exceptions import TyperException

from remediate.cli import (
    apply,
    approve,
    controls,
    demo,
    drift,
    evidence,
    init,
    permissions,
    plan,
    rehearse,
    rollback,
    runs,
    sandbox,
    show,
)
from remediate.errors import BadInput, CallFailed, RemediateError

app = typer.Typer(
    name="remediate",
    help="Bring an AWS account to a written IAM baseline: plan, apply, roll back, and keep it that way.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
for command in (
    demo.demo,
    sandbox.sandbox,
    init.init,
    controls.controls,
    plan.plan,
    show.show,
    rehearse.rehearse,
    approve.approve,
    apply.apply,
    rollback.rollback,
    drift.drift,
    runs.runs,
    permissions.permissions,
    evidence.evidence,
):
    app.command()(command)


INTERRUPTED = RemediateError("interrupted", remedy="Nothing was in hand; run the same command again.")
INTERRUPTED_BY_SIGINT = 130
"""What typer makes of a KeyboardInterrupt that no command caught."""


def main() -> None:
    """The one place where errors become exit codes: 0 done, 1 error, 2 changes or drift, 3 refused, 4 partial."""
    from remediate.cli.terminal import report

    try:
        _refuse_half_characters(sys.argv)
        code = app(standalone_mode=False)
        sys.exit(report(INTERRUPTED) if code == INTERRUPTED_BY_SIGINT else code)
    except RemediateError as error:
        sys.exit(report(error))
    except CallFailed as error:
        sys.exit(report(_from_aws(error)))
    except TyperException as error:  # words on the command line that it cannot parse
        show = getattr(error, "show", None)
        show() if show else typer.echo(str(error), err=True)
        sys.exit(RemediateError.exit_code)
    except (KeyboardInterrupt, typer.Abort):
        sys.exit(report(INTERRUPTED))


def _refuse_half_characters(words: Sequence[str]) -> None:
    """A name that is no UTF-8 fits no journal, lock or plan."""
    for word in words:
        if not word.isascii() and any("\ud800" <= c <= "\udfff" for c in word):
            raise BadInput(f"{word} is not UTF-8", remedy="Give the file another name.")


def _from_aws(error: CallFailed) -> RemediateError:
    from remediate.cli.terminal import explained

    return explained(error)
