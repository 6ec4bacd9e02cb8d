"""No expired server certificates in IAM.

Looks at the certificates that IAM keeps for load balancers and CloudFront; those of AWS Certificate Manager renew by
themselves and are not kept there. One that ends within `warn_days` is reported, so that somebody replaces it in time.
One that has ended is reported, and deleted `grace_days` later: until then, what still uses it can be found and
mended.

Deleting is for good: AWS never shows the private key again. AWS refuses to delete a certificate that it knows to be
in use, but may not know of every load balancer, and a listener whose certificate is gone can stop taking traffic. So
look at the listeners first; with `grace_days` at its highest nothing is deleted for ten years. Right before the
deletion the certificate is read again: one that took its name has another id, and stays.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from shlex import quote
from typing import Annotated

from msgspec import Meta

from remediate.account import Account
from remediate.controls.base import Control
from remediate.model import Address, Fault, Manual, Struct, Value, Want, at
from remediate.playbook.scope import Scope
from remediate.words import many

KIND = "iam.server_certificate"
Days = Annotated[int, Meta(ge=0, le=3650)]


class Settings(Struct, frozen=True, kw_only=True):
    grace_days: Days = 30
    """How long after its end a certificate is deleted."""
    warn_days: Days = 30
    """How long before its end it is reported."""


def asks(_account: Account, _settings: Settings, _scope: Scope) -> Iterator[Address]:
    yield at(KIND)


def check(account: Account, settings: Settings, scope: Scope) -> Iterator[Fault]:
    account.known(KIND)
    for name in account.names(KIND):
        value = account.value(at(KIND, name))
        if isinstance(value, Mapping) and isinstance(value["expires"], str):
            yield from _judged(account, name, value, datetime.fromisoformat(value["expires"]), settings, scope.now)


def _judged(
    account: Account, name: str, value: Mapping[str, Value], end: datetime, settings: Settings, now: datetime
) -> Iterator[Fault]:
    address, deleted = at(KIND, name), end + timedelta(days=settings.grace_days)
    if end > now + timedelta(days=settings.warn_days):
        return
    arn = f"arn:{account.partition}:iam::{account.id}:server-certificate{value['path']}{name}"
    over = f"the certificate {name} {'ended' if end <= now else 'ends'} on {end:%Y-%m-%d}"
    then = f"{over}, and is deleted from {deleted:%Y-%m-%d} on" if end <= now else over
    due = deleted <= now
    yield Fault(
        address=address,
        severity="medium",
        summary=over if due else then,
        evidence={"expires": value["expires"], "arn": arn},
        wants=(_deletion(address, f"ended on {end:%Y-%m-%d}, {many((now - end).days, 'day')} ago"),) if due else (),
        manual=None if due else _replace(address, name, arn, over),
    )


def _deletion(address: Address, why: str) -> Want:
    notice = "whatever still uses it has to be given another: look at the listeners first"
    return Want(address=address, after=None, why=why, risk="destructive", notice=notice)


def _replace(address: Address, name: str, arn: str, over: str) -> Manual:
    """https://docs.aws.amazon.com/acm/latest/userguide/acm-overview.html"""
    return Manual(
        address=address,
        summary=over,
        steps=(
            f"Look for listeners and distributions that use {arn}: aws elbv2 describe-listeners, "
            "aws elb describe-load-balancers, aws cloudfront list-distributions",
            "Give them a certificate of AWS Certificate Manager, which renews by itself.",
            f"Then delete this one: aws iam delete-server-certificate --server-certificate-name {quote(name)}",
        ),
        check="The next plan does not find it any more.",
    )


control = Control(
    id="expired-certificates",
    title="No expired server certificates",
    guideline="",
    cis_7=("2.17",),
    cis_5=("1.18",),
    security_hub=("IAM.26",),
    changes="deletes server certificates some time after their end",
    kinds=(KIND,),
    rollback="never: AWS does not show the private key again",
    settings=Settings,
    check=check,
    asks=asks,
    doc=__doc__,
)
