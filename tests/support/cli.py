"""The real command line as a subprocess, against the sandbox."""

import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryFile

from support.warm import Command, usable, warm

REMEDIATE = Path(sys.executable).with_name("remediate")


def run(*arguments: str, cwd: Path, timeout: float = 120, **environment: str) -> subprocess.CompletedProcess[str]:
    """One command, to its end. The environment is this process's (see the `aws` fixture), with a lock folder in cwd."""
    whole = {**os.environ, "REMEDIATE_STATE_DIR": str(cwd / ".state"), **environment}
    words = [str(REMEDIATE), *arguments]
    if usable(whole):
        return _warm(Command(words, cwd.absolute(), whole), timeout)
    return subprocess.run(
        words,
        cwd=cwd,
        env=whole,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )


def _warm(command: Command, timeout: float) -> subprocess.CompletedProcess[str]:
    with Path(os.devnull).open() as nothing, TemporaryFile("w+") as out, TemporaryFile("w+") as err:
        code = warm().run(command, [file.fileno() for file in (nothing, out, err)], timeout)
        out.seek(0)
        err.seek(0)
        return subprocess.CompletedProcess(command.words, code, out.read(), err.read())


def started(*arguments: str, cwd: Path) -> "subprocess.Popen[str]":
    """The same, going on."""
    return subprocess.Popen(
        [REMEDIATE, *arguments],
        cwd=cwd,
        env={**os.environ, "REMEDIATE_STATE_DIR": str(cwd / ".state")},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def plan_file(cwd: Path) -> Path:
    """The oldest plan in the folder's plans/."""
    return sorted(cwd.glob("plans/*.plan.json"))[0]
