"""Whether the exhaustive versions of tests run: `make stress`, which is REMEDIATE_STRESS=1. They take hours."""

import os

STRESS = bool(os.environ.get("REMEDIATE_STRESS"))


def examples(most: int) -> int:
    """How many random examples: a quarter by default. Others each time, but where CI is set hypothesis
    draws the same in every run."""
    return most if STRESS else most // 4
