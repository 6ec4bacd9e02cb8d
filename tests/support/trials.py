"""What the tests of the executor's decisions try on an account in memory: a few changes, and what tells them apart."""

from pathlib import Path

from support.engine import Step, plan_of, step
from support.in_memory import Trial
from support.mutations import READ_ONLY

HELD = step("iam.user_policy", "alice", READ_ONLY, to="attached")
"""There or not."""
GONE = step("iam.user_policy", "alice", READ_ONLY, was="attached", to=None)
TAG = step("iam.user_tag", "alice", "team", was="red", to="blue")
"""Of more than two values, so that it is read right before its call."""
BACK = step("iam.user_tag", "alice", "team", was="blue", to="red")
GROUPED = step("iam.group_member", "ops", "alice", to="member")
SLOW = [0.3, 0.6, 1.2, 2.4, 4.8, 9.6, *[10.0] * 11]
"""Between the tries of a call that AWS puts off, where chance waits longest: 120 s are over."""
PUT_OFF = ("Throttling",) * 99
ENDED = "Call: ExpiredToken: said the test"
NEVER = r"sent, and not seen after 120 s: now \(absent\)"


def trial_of(*steps: Step, folder: Path) -> Trial:
    """A run of a plan of these, in a folder of its own."""
    folder.mkdir(exist_ok=True)
    return Trial(plan_of(*steps), folder)
