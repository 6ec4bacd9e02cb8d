"""What the executor does after each answer that AWS can give: what it records, how often it sends, how long it waits.

Against an account in memory, so that each case takes milliseconds: every case of a table is compared in full.
"""

import pytest


@pytest.fixture(autouse=True)
def _no_chance(monkeypatch: pytest.MonkeyPatch) -> None:
    """A wait of a random length is the longest that it may be."""
    monkeypatch.setattr("random.uniform", lambda _low, high: high)
