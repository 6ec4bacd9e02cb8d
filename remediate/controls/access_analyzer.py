"""IAM Access Analyzer watches every region for what is open to strangers.

An analyzer of external access reports buckets, roles, keys, queues, functions and the like whose policies let somebody
in from outside the account (or the organization). It sees one region. In each enabled region that has none of type
ACCOUNT or ORGANIZATION that works, one of type ACCOUNT is made. Analyzers of external access are free; those of unused
or internal access are not, are no substitute, and are left alone.

An organization's analyzer is seen only in the account that made it, so a member account gets one of its own beside it.
A region that cannot be read is unknown, and the others are still judged.

Where the one analyzer that AWS allows in a region has failed, it has to be deleted first, which is a step for a person:
its archive rules would be lost. Rollback deletes the analyzers that were made, with what they found.
"""

from collections.abc import Iterator, Mapping
from typing import Annotated

from msgspec import Meta

from remediate.account import Account
from remediate.controls.base import Control
from remediate.controls.naming import free
from remediate.model import Address, Fault, Manual, Struct, Value, Want, at
from remediate.playbook.scope import Scope

KIND = "access_analyzer.analyzer"
EXTERNAL = ("ACCOUNT", "ORGANIZATION")


class Settings(Struct, frozen=True, kw_only=True):
    """Bounds: https://docs.aws.amazon.com/access-analyzer/latest/APIReference/API_CreateAnalyzer.html"""

    name: Annotated[str, Meta(pattern=r"^[A-Za-z][A-Za-z0-9_.-]*$", max_length=250)] = "external-access"
    """Of an analyzer that is made."""


def asks(account: Account, settings: Settings, _scope: Scope) -> Iterator[Address]:
    return (at(KIND, region) for region in account.regions)


def check(account: Account, settings: Settings, _scope: Scope) -> Iterator[Fault]:
    account.known("regions")
    for region in account.regions:
        if any(account.gaps(at(KIND, region))):
            continue
        analyzers = {name: account.value(at(KIND, region, name)) for name in account.under(KIND, region)}
        external = {name: a for name, a in analyzers.items() if isinstance(a, Mapping) and a.get("type") in EXTERNAL}
        if not any("status" not in a for a in external.values()):
            yield _fault(region, settings.name, analyzers, external)


def _fault(
    region: str, name: str, analyzers: Mapping[str, Value], external: Mapping[str, Mapping[str, Value]]
) -> Fault:
    summary = f"nothing looks for external access in {region}"
    broken = sorted(n for n, a in external.items() if a["type"] == "ACCOUNT")
    evidence = {"analyzers": dict(analyzers)} if analyzers else {}
    if broken:
        address = at(KIND, region, broken[0])
        manual = _replace(address, region, broken[0], str(external[broken[0]]["status"]))
        return Fault(address=address, severity="medium", summary=summary, evidence=evidence, manual=manual)
    address = at(KIND, region, free(name, analyzers))  # a name is taken by an analyzer of any type
    why = "what this account opens to strangers is found, region by region"
    want = Want(address=address, after={"type": "ACCOUNT"}, why=why, risk="additive")
    return Fault(address=address, severity="medium", summary=summary, evidence=evidence, wants=(want,))


def _replace(address: Address, region: str, name: str, status: str) -> Manual:
    """AWS allows one analyzer of this type in a region, and one that does not work takes its place.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-quotas.html"""
    analyzer = f"--region {region} --analyzer-name {name}"
    return Manual(
        address=address,
        summary=f"the analyzer {name} in {region} is {status}",
        steps=(
            f"See why: aws accessanalyzer get-analyzer {analyzer}",
            f"Write down its rules: aws accessanalyzer list-archive-rules {analyzer}",
            f"Delete it: aws accessanalyzer delete-analyzer {analyzer}",
        ),
        check="The next plan finds it working, or makes a new one.",
    )


control = Control(
    id="access-analyzer",
    title="Access Analyzer in every region",
    guideline="",
    cis_7=("2.18",),
    cis_5=("1.19",),
    security_hub=("IAM.28",),
    changes="an analyzer of external access in each region without one",
    kinds=(KIND,),
    rollback="the analyzers that were made are deleted; AWS's service-linked role for them stays",
    settings=Settings,
    check=check,
    asks=asks,
    doc=__doc__,
)
