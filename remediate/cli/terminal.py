"""What this process prints to, and how: width, colour, progress, questions, and the screen of an error."""

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import msgspec
import typer

from remediate.errors import CallFailed, CredentialsEnded, Denied, RemediateError
from remediate.model import Value

if TYPE_CHECKING:
    from collections.abc import Callable


STEP = 60
"""Columns that a change takes beside a progress bar."""


def width() -> int:
    """Columns to write in: the terminal's, and 100 where there is none."""
    return max(80, min(shutil.get_terminal_size((100, 24)).columns, 200))


def colour() -> bool:
    """Whether to use colour: on a terminal that did not ask to be spared (https://no-color.org)."""
    return sys.stdout.isatty() and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb"


def say(text: str) -> None:
    typer.echo(text)


def note(text: str) -> None:
    """A line about the work itself, beside the output."""
    typer.echo(text, err=True)


def data(value: object) -> None:
    """A value as JSON on standard output: what a terminal would act upon is escaped, as JSON allows."""
    from remediate.render.json import json

    typer.echo(json(value))


def report(error: RemediateError) -> int:
    """Prints an error's screen, and returns its exit code."""
    from remediate.render.error_text import error as screen

    note(screen(error, colour=colour() and sys.stderr.isatty()))
    return error.exit_code


def explained(error: CallFailed) -> RemediateError:
    """What a failed call means to the person who ran the command."""
    if isinstance(error, CredentialsEnded):
        return RemediateError(
            f"AWS does not accept the credentials: {error.code}",
            details=[error.message],
            remedy="Sign in again (`aws sso login`, or your way of getting credentials), or choose --profile.",
        )
    if isinstance(error, Denied):
        return RemediateError(
            f"AWS denied {error.operation}",
            details=[error.message],
            remedy="`remediate permissions --plan-role` prints the policy that reading needs, "
            "`remediate permissions FILE` the one for a plan.",
        )
    return RemediateError(f"{error.operation} failed: {error.code}", details=[error.message], remedy="Try again.")


def confirm(question: str, expected: str) -> None:
    """Asks a person to type the account's name. Raises RemediateError where nobody can be asked, or they said no."""
    if not sys.stdin.isatty():
        raise RemediateError(
            "this needs a person's word, and there is no terminal to ask on",
            remedy="Review the plan (`remediate show FILE`), then use --yes.",
        )
    from remediate.render.text import safe

    answer = typer.prompt(f"{question} Type {safe(expected)} to go on", default="", show_default=False)
    if answer.strip() != safe(expected):
        raise RemediateError("not confirmed: nothing was written")


@contextmanager
def counting(label: str) -> Iterator["Callable[[str], None]"]:
    """A line that counts calls while something is read; nothing where standard error is not a terminal."""
    if not sys.stderr.isatty():
        yield lambda _operation: None
        return
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), TextColumn("{task.description}"), TextColumn("{task.completed:.0f} calls"))
    with Progress(*columns, TimeElapsedColumn(), console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(label, total=None)
        yield lambda _operation: progress.advance(task)


@contextmanager
def stepping(label: str, total: int) -> Iterator["Callable[[str], None]"]:
    """A bar that moves with each change on a terminal, and one plain line a change elsewhere."""
    if not sys.stderr.isatty():
        yield note
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from remediate.render.text import fit

    columns = (BarColumn(), MofNCompleteColumn(), TextColumn("{task.description}", markup=False), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(label, total=total)
        yield lambda line: progress.update(task, advance=1, description=fit(line, STEP))


@contextmanager
def progressing(label: str, total: int | None) -> Iterator["Callable[[], None]"]:
    """A bar that moves with each thing that is done, or a count of them where nobody knows how many there are; nothing
    where standard error is not a terminal."""
    if not sys.stderr.isatty():
        yield lambda: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(label, total=total)
        yield lambda: progress.advance(task)


def as_value(value: object) -> Value:
    """Anything of ours as plain JSON values."""
    result: Value = msgspec.to_builtins(value, enc_hook=_as_value)
    return result


def _as_value(value: object) -> object:
    """A file that a playbook names counts with all it says: who changes it has another playbook."""
    from remediate.playbook import Document

    if isinstance(value, Document):
        return {"name": value.name, "text": value.text}
    raise NotImplementedError(type(value))
