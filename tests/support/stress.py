"""Whether the exhaustive versions of tests run: `make stress`, which is REMEDIATE_STRESS=1. They take hours."""

import os

STRESS = bool(os.environ.get("REMEDIATE_STRESS"))
