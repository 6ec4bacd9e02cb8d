"""IAM is eventually consistent: for `settings.lag` seconds no call sees a change, whoever makes it.

- Readings show the account as it was so long ago: what was made is not there, what was deleted is, what was changed has
  its old value. So do EC2 and CloudTrail where they look at roles and profiles.
- A change that names something made a moment ago is refused: NoSuchEntity, or MalformedPolicyDocument with "Invalid
  principal" in a trust policy. A deletion is refused with DeleteConflict while what was taken away is still seen.
- Names and quotas count at once: creating the same again is EntityAlreadyExists, and deleting it again NoSuchEntity.

With `settings.lag_skips`, every so many calls one sees no lag, so that a change is seen and then not. Moto has none of
it. A state of the account is kept for each change that is not seen yet; all calls wait for each other meanwhile.
https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html#troubleshoot_general_eventual-consistency, and what
Terraform's AWS provider waits for (internal/service/iam: "Invalid principal", DeleteConflict, NoSuchEntity)
"""

import itertools
import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple

from remediate.sandbox.strict.patch import Call, Original, around
from remediate.sandbox.strict.state import settings

State = Mapping[str, Any]
READING = ("Get", "List", "Generate", "Simulate")
STATE = (
    "access_keys account_aliases account_password_policy certificates groups inline_policies instance_profiles "
    "managed_policies open_id_providers roles root_keys saml_providers tagger users virtual_mfa_devices"
).split()
"""The parts of moto's IAM backend that lag."""
REFUSAL = re.compile(r"<Code>(NoSuchEntity|DeleteConflict)</Code>|Invalid principal")
"""What somebody who does not see the latest changes answers wrongly."""

_ONE_BY_ONE = threading.RLock()
_turns = itertools.count(1)


class Past(NamedTuple):
    """The account as it was right before a change that is not seen yet."""

    until: float
    state: State


def install() -> None:
    from moto.core.responses import BaseResponse

    around(BaseResponse, "call_action", _call)


@contextmanager
def seen(iam: Any) -> Iterator[None]:
    """In here, moto's backend is the account as the rest of AWS sees it."""
    with _as(iam, _view(iam)):
        yield


def _call(original: Original, response: Any, call: Call) -> Any:
    if not settings.lag:
        return original()
    with _ONE_BY_ONE:
        if response.service_name != "iam":
            return original()
        iam = response.backend
        view = None if settings.lag_skips and next(_turns) % settings.lag_skips == 0 else _view(iam)
        if response._get_action().startswith(READING):
            with _as(iam, view):
                return original()
        return (view and _refused(original, response, iam, view)) or _changed(original, response, iam)


def _view(iam: Any) -> State | None:
    """What is seen of the account; None where that is all of it."""
    past = [p for p in _pasts(iam) if p.until > settings.clock()]
    iam.pasts = past
    return past[0].state if past else None


def _pasts(iam: Any) -> list[Past]:
    """On the backend, so that a reset forgets them."""
    return list(getattr(iam, "pasts", ()))


def _refused(original: Original, response: Any, iam: Any, view: State) -> Any:
    """The refusal of one who does not see the latest changes, if there is one; tried on a copy that is thrown away."""
    headers = dict(response.response_headers)
    with _as(iam, _copy(view)):
        _unshare(response, iam)
        status, _, body = answer = original()
    if status >= 400 and REFUSAL.search(body):
        return answer
    response.response_headers = headers
    return None


def _changed(original: Original, response: Any, iam: Any) -> Any:
    before = Past(settings.clock() + settings.lag, _copy({name: getattr(iam, name) for name in STATE}))
    _unshare(response, iam)
    answer = original()
    if answer[0] < 400:
        iam.pasts = [*_pasts(iam), before]
    return answer


@contextmanager
def _as(iam: Any, state: State | None) -> Iterator[None]:
    """Another state of the account for a moment. Credentials of STS are known at once."""
    live = {name: getattr(iam, name) for name in STATE}
    if state is not None:
        temporary = {id: key for id, key in live["access_keys"].items() if key.user_name is None}
        vars(iam).update({**state, "access_keys": {**state["access_keys"], **temporary}})
    try:
        yield
    finally:
        vars(iam).update(live)


def _copy(state: State) -> dict[str, Any]:
    """The 1,582 policies of AWS's own are shared while nobody has them: of those, nothing else changes."""
    idle = {id(policy): policy for policy in state["managed_policies"].values() if _idle(policy)}
    copied: dict[str, Any] = _copied(dict(state), idle)
    return copied


def _idle(policy: Any) -> bool:
    return not policy.attachment_count and ":iam::aws:" in policy.arn


def _unshare(response: Any, iam: Any) -> None:
    """A policy of AWS's own that somebody is about to have."""
    arn = response._get_param("PolicyArn")
    policy = iam.managed_policies.get(arn)
    if policy and _idle(policy):
        iam.managed_policies[arn] = _copied(policy, {})


def _copied(value: Any, done: dict[int, Any]) -> Any:
    """A deep copy, ten times as quick as the standard library's, and unknown to moto, which keeps every object."""
    if isinstance(value, str | int | float | None):
        return value
    if id(value) in done:
        return done[id(value)]
    if isinstance(value, dict):
        copy: Any = {}
        done[id(value)] = copy
        copy.update({key: _copied(item, done) for key, item in value.items()})
    elif isinstance(value, list | tuple):
        copy = done[id(value)] = type(value)(_copied(item, done) for item in value)
    elif hasattr(value, "__dict__"):
        copy = done[id(value)] = object.__new__(type(value))
        vars(copy).update({name: _copied(item, done) for name, item in vars(value).items()})
    else:
        return value
    return copy
