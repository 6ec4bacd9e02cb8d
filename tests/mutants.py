"""Why some mutants survive: by place and changed line, as `tests/run_mutants.py` names them."""

from collections.abc import Mapping

EXPLAINED: Mapping[str, str] = {}
