"""The real command line as a subprocess, against the sandbox."""

import os
import subprocess
import sys
from pathlib import Path

REMEDIATE = Path(sys.executable).with_name("remediate")


def run(*arguments: str, cwd: Path, timeout: float = 120, **environment: str) -> subprocess.CompletedProcess[str]:
    """One command, to its end. The environment is this process's (see the `aws` fixture), with a lock folder in cwd."""
    return subprocess.run(
        [REMEDIATE, *arguments],
        cwd=cwd,
        env={**os.environ, "REMEDIATE_STATE_DIR": str(cwd / ".state"), **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )


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
