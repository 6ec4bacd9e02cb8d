"""The command line in a process in which somebody turned every log on: `python debug_driver.py '[["plan"], …]' [hook]`.

Each command ends as it would alone: with its exit code, or with the traceback of what it did not expect. With a hook
the first answer that holds a secret is followed by a mistake of our own.
"""

import json
import logging
import sys
import traceback
from typing import Any

import boto3

from remediate.aws import session
from remediate.cli.main import main


def debug() -> None:
    """As an application, AWS's documentation, and somebody who looks for one thing would do it."""
    logging.basicConfig(level=logging.DEBUG, format="LOG %(name)s %(message)s", stream=sys.stderr)
    boto3.set_stream_logger("")
    boto3.set_stream_logger("botocore")
    for name in ("botocore.endpoint", "botocore.parsers", "botocore.auth", "urllib3"):
        logging.getLogger(name).setLevel(logging.DEBUG)


def mistake(operation: str) -> None:
    """What `operation` answers is not looked at: the program breaks while it holds it."""
    honest = session.Session._send

    def broken(self: session.Session, service: str, name: str, region: str, parameters: Any, *, once: bool) -> Any:
        answer = honest(self, service, name, region, parameters, once=once)
        if name == operation:
            raise RuntimeError(f"a mistake of our own, after {name}")
        return answer

    setattr(session.Session, "_send", broken)  # noqa: B010 - mypy


def run(arguments: list[str]) -> None:
    sys.argv = ["remediate", *arguments]
    print(f"RUN {' '.join(arguments)}", flush=True)
    try:
        main()
    except SystemExit as ended:
        print(f"EXIT {ended.code or 0}", flush=True)
    except Exception:  # noqa: BLE001 - as Python itself does with what nobody caught
        traceback.print_exc()
        print("EXIT traceback", flush=True)


if __name__ == "__main__":
    debug()
    if len(sys.argv) > 2:
        mistake(sys.argv[2])
    for command in json.loads(sys.argv[1]):
        run(command)
