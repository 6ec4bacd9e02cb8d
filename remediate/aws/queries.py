"""Queries in SQL, which AWS works on for a while."""

from collections.abc import Callable

from remediate.aws.session import Answer
from remediate.protocols import Clock

PATIENCE = 3600.0
"""Seconds. CloudTrail Lake ends a query after an hour, Athena after half of one.
https://docs.aws.amazon.com/awscloudtrail/latest/userguide/query-limitations.html
https://docs.aws.amazon.com/athena/latest/ug/service-limits.html"""
WAITING = frozenset({"QUEUED", "RUNNING"})


def ended(clock: Clock, ask: Callable[[], Answer], status: Callable[[Answer], str]) -> Answer:
    """What AWS says of a query when that has ended, or when there is no more patience. Raises CallFailed."""
    from tenacity import Retrying, retry_if_result, stop_after_delay, wait_exponential

    patient = Retrying(
        retry=retry_if_result(lambda answer: status(answer) in WAITING),
        wait=wait_exponential(multiplier=0.5, max=10),
        stop=stop_after_delay(PATIENCE),
        sleep=clock.sleep,
        retry_error_callback=lambda state: state.outcome and state.outcome.result(),
    )
    answer: Answer = patient(ask)
    return answer
