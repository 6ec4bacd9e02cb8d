"""An inherited account, for the demonstration, the sandbox and the tests: years of everybody's quick fixes."""

from datetime import UTC, datetime


def fill(people: int = 40, seed: int = 42, now: datetime | None = None) -> None:
    """Makes the running sandbox's account a messy one with that many users; `reset` it first.

    The special cases are there at every size, so a small account has more of them and never fewer users than those.
    The same seed and moment give the same account, ids included. Nothing goes over HTTP: 5,000 users take seconds.
    """
    from moto.moto_api._internal import mock_random

    from remediate.sandbox import estate
    from remediate.sandbox.builder import Builder
    from remediate.sandbox.cast import CAST
    from remediate.sandbox.crowd import crowd

    mock_random.seed(seed)
    account = Builder((now or datetime.now(UTC)).replace(microsecond=0))
    for part in estate.PARTS:
        part(account)
    for person in (*CAST, *crowd(max(0, people - len(CAST)), seed)):
        account.person(person)
