"""How many calls, seconds and megabytes a plan takes for 100, 1,000 and 5,000 users, and how they grow.

    python tests/bench/plan.py [USERS …]

The account is the sandbox's, served by moto in another process. Each plan is the real command in a process of its own,
so that seconds include starting Python, and memory is that of the command alone.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

REMEDIATE = Path(sys.executable).with_name("remediate")
CREDENTIALS = ("iam.access_key", "iam.login_profile", "iam.user_tag")


def main() -> None:
    sizes = [int(text) for text in sys.argv[1:]] or [100, 1000, 5000]
    print(f"{'users':>6} {'calls':>6} {'offenders':>9} {'calls - 2/off.':>14} {'seconds':>8} {'MB':>6} {'changes':>8}")
    before: tuple[int, int, float] | None = None
    for users in sizes:
        calls, offenders, seconds, megabytes, changes = measure(users)
        rest = calls - 2 * offenders
        print(f"{users:>6} {calls:>6} {offenders:>9} {rest:>14} {seconds:>8.2f} {megabytes:>6.0f} {changes:>8}")
        if before:
            times = users / before[0]
            print(
                f"       {times:.0f} times the users: {calls / before[1]:.1f} times the calls, "
                f"{seconds / before[2]:.1f} times the seconds"
            )
        before = (users, calls, seconds)


def measure(users: int) -> tuple[int, int, float, float, int]:
    with tempfile.TemporaryDirectory() as folder:
        server = subprocess.Popen(
            [REMEDIATE, "sandbox", "--people", str(users)], stdout=subprocess.PIPE, text=True, cwd=folder
        )
        try:
            environment = {**os.environ, **exports(server)}
            return planned(folder, environment)
        finally:
            server.terminate()
            server.wait()


def exports(server: subprocess.Popen[str]) -> dict[str, str]:
    """The variables that the sandbox prints."""
    assert server.stdout
    found: dict[str, str] = {}
    for line in server.stdout:
        if match := re.fullmatch(r"export (\w+)=(.*)\n", line):
            found[match[1]] = match[2]
        if line.startswith("# then"):
            return found
    raise SystemExit("the sandbox did not start")


def planned(folder: str, environment: dict[str, str]) -> tuple[int, int, float, float, int]:
    output = Path(folder, "output")
    begun = time.monotonic()
    with output.open("w") as file:
        command = [str(REMEDIATE), "plan", "-o", "p.plan.json"]
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=file)
        _, status, usage = os.wait4(process.pid, 0)  # the usage of this process alone
    seconds = time.monotonic() - begun
    process.returncode = os.waitstatus_to_exitcode(status)
    calls = re.search(r"([\d,]+) calls", output.read_text())
    assert calls, output.read_text()
    plan = json.loads(Path(folder, "p.plan.json").read_text())
    changed = [c["address"].split("/") for c in plan["changes"] if c["address"].startswith(CREDENTIALS)]
    offenders = len({parts[1] for parts in changed})
    return int(calls[1].replace(",", "")), offenders, seconds, usage.ru_maxrss / 1024, len(plan["changes"])


if __name__ == "__main__":
    main()
