"""`remediate sandbox`"""

import signal
import threading
from typing import Annotated

import typer

from remediate.cli import terminal


def sandbox(
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="0 takes a free one.")] = 0,
    people: Annotated[int, typer.Option("--people", min=1, max=5000, help="Users in the account.")] = 40,
) -> None:
    """Serve a messy AWS account to try things on."""
    from remediate.sandbox import Sandbox, fill

    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    with Sandbox(port) as server:
        fill(people)
        terminal.say(f"# A messy account of {people} users, on this machine only. In another terminal:")
        for name, value in server.environment().items():
            terminal.say(f"export {name}={value}")
        terminal.say("# then: remediate plan          Ctrl-C here ends the account.")
        ended.wait()
    terminal.note("The account is gone.")
