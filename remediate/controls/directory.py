"""Directories of people and machines, with AWS Directory Service.

Simple AD, AWS Managed Microsoft AD and AD Connector directories that the playbook declares are found by their name and
region, or made in two subnets of different availability zones, which the plan looks at. What a directory is like is
fixed when it is made: one that is there and differs is reported, and nothing is changed.

A directory costs money for as long as it exists, at prices that the plan names the page of. AWS needs 20 to 45 minutes
to make one; the change is done when AWS has begun. Rollback leaves it: deleting a directory deletes everybody in it.

The password of its administrator (of an AD Connector: of its service account) is read when the plan is applied and not
before, and is written down nowhere: from the environment variable REMEDIATE_PASSWORD_CORP_EXAMPLE_COM for the
directory corp.example.com, or else from the secret `remediate/directory/corp.example.com` of AWS Secrets Manager in its
region. Without either, or with a password that AWS would refuse, the change fails before any call.

The other domains that a Managed Microsoft AD is to trust follow in the first plan after it has become active: first the
conditional forwarder to the domain's name servers, then the trust. Its password, the same on both sides, is in
REMEDIATE_PASSWORD_CORP_EXAMPLE_COM_TRUST_PARTNER_EXAMPLE_COM or in the secret
`remediate/directory/corp.example.com/trust/partner.example.com`. Rollback deletes trusts and forwarders.

Directories and trusts that failed are findings with what AWS says. What is not declared is left alone.
"""

from collections.abc import Iterator, Mapping
from shlex import quote

from remediate.account import Account
from remediate.controls import directory_trusts
from remediate.controls.base import Complaint, Control, Moment
from remediate.controls.directory_settings import Directory
from remediate.model import Address, Fault, Manual, Struct, Value, Want, at, brief
from remediate.playbook.scope import Scope

PRICES: Mapping[str, str] = {
    "simple-ad": "https://aws.amazon.com/directoryservice/other-directories-pricing/",
    "microsoft-ad": "https://aws.amazon.com/directoryservice/pricing/",
    "ad-connector": "https://aws.amazon.com/directoryservice/other-directories-pricing/",
}
READY = "Active"
BROKEN = frozenset({"Failed", "Inoperable", "Impaired", "RestoreFailed"})
"""Stages in which a directory does not work, or not well:
https://docs.aws.amazon.com/directoryservice/latest/devguide/API_DirectoryDescription.html"""


class Settings(Struct, frozen=True, kw_only=True):
    directories: tuple[Directory, ...] = ()
    """Such as `{type: simple-ad, name: corp.example.com, region: eu-west-1, vpc: vpc-…, subnets: [subnet-…, …]}`."""


def asks(account: Account, settings: Settings, _scope: Scope) -> Iterator[Address]:
    for directory in settings.directories:
        if directory.region not in account.regions:
            continue
        yield at("ds.directory", directory.region)
        yield at("ds.directory_stage", directory.region)
        if _live(account, directory) is None:
            yield from (at("ec2.subnet", directory.region, subnet) for subnet in directory.subnets)
        elif _stage(account, directory)[0] == READY:
            yield from directory_trusts.asks(directory)


def check(account: Account, settings: Settings, _scope: Scope) -> Iterator[Fault]:
    if settings.directories:
        account.known("regions")
    for directory in settings.directories:
        if directory.region not in account.regions:
            yield _no_region(directory)
        elif not any(account.gaps(*_needed(directory))):
            yield from _judged(account, directory)


def _needed(directory: Directory) -> list[str]:
    """Without these nobody knows whether the directory is there; the planner names the control beside each."""
    return [at("ds.directory", directory.region), at("ds.directory_stage", directory.region)]


def _judged(account: Account, directory: Directory) -> Iterator[Fault]:
    live, (stage, reason) = _live(account, directory), _stage(account, directory)
    if live is None:
        yield from _missing(account, directory)
        yield from directory_trusts.later(directory)
        return
    if stage in BROKEN:
        yield _broken(account, directory, stage, reason)
    if differs := _differs(directory, live):
        yield _other(directory, live, differs)
    elif stage == READY:
        yield from directory_trusts.check(account, directory)
    else:
        yield from directory_trusts.later(directory)


def _address(directory: Directory) -> Address:
    return at("ds.directory", directory.region, directory.name)


def _live(account: Account, directory: Directory) -> Mapping[str, Value] | None:
    value = account.value(_address(directory))
    return value if isinstance(value, Mapping) else None


def _stage(account: Account, directory: Directory) -> tuple[str, str]:
    facts = account.facts.get(at("ds.directory_stage", directory.region, directory.name))
    return (str(facts["stage"]), str(facts["reason"])) if isinstance(facts, Mapping) else ("", "")


def _missing(account: Account, directory: Directory) -> Iterator[Fault]:
    address, subnets = _address(directory), [at("ec2.subnet", directory.region, s) for s in directory.subnets]
    if any(account.gaps(*subnets)):
        return
    obstacle = _no_place(directory, [account.facts.get(subnet) for subnet in subnets])
    summary = f"the directory {directory.name} is declared and is not there"
    evidence: dict[str, Value] = {"type": directory.type, "region": directory.region}
    if obstacle:
        manual = _by_hand(address, f"{summary}, and cannot be made: {obstacle}", directory)
        yield Fault(address=address, severity="medium", summary=summary, evidence=evidence, manual=manual)
        return
    want = Want(
        address=address,
        after=directory.value(),
        why="people and machines are managed in it, and not in each account",
        risk="additive",
        notice=f"costs money from now on: {PRICES[directory.type]}; ready in 20 to 45 minutes; "
        f"its password is read when this is applied: {directory.password}",
    )
    yield Fault(address=address, severity="medium", summary=summary, evidence=evidence, wants=(want,))


def _no_place(directory: Directory, subnets: list[Value]) -> str:
    """Why a directory cannot stand there; empty if it can."""
    zones: set[Value] = set()
    for name, facts in zip(directory.subnets, subnets, strict=True):
        if not isinstance(facts, Mapping):
            return f"there is no {name} in {directory.region}"
        if facts["vpc"] != directory.vpc:
            return f"{name} is in {facts['vpc']}, and not in {directory.vpc}"
        zones.add(facts["zone"])
    return "" if len(zones) == len(subnets) else f"its subnets are both in {', '.join(map(str, zones))}"


def _by_hand(address: Address, summary: str, directory: Directory) -> Manual:
    look = f"aws ec2 describe-subnets --region {directory.region} --filters Name=vpc-id,Values={directory.vpc}"
    return Manual(
        address=address,
        summary=summary,
        steps=(f"Find two subnets in different availability zones: {look}", "Name them in the playbook."),
        check="The next plan makes the directory.",
    )


def _differs(directory: Directory, live: Mapping[str, Value]) -> list[str]:
    """In what the directory that is there is another one. The short name counts where the playbook has one."""
    wanted = directory.value()
    if directory.short_name is None:
        wanted.pop("short_name")
    return sorted(key for key, value in wanted.items() if live.get(key) != value)


def _other(directory: Directory, live: Mapping[str, Value], differs: list[str]) -> Fault:
    wanted = directory.value()
    summary = f"the directory {directory.name} is another one than declared: {', '.join(differs)}"
    return Fault(
        address=_address(directory),
        severity="low",
        summary=summary,
        evidence={key: f"{brief(live.get(key))}, declared {brief(wanted[key])}" for key in differs},
        manual=Manual(
            address=_address(directory),
            summary=f"{summary}; AWS has no call that changes it, so it is left as it is",
            steps=("Correct the playbook.", "Or move its people to a new directory of another name, and declare that."),
            check="The next plan finds the directory as declared.",
        ),
    )


def _broken(account: Account, directory: Directory, stage: str, reason: str) -> Fault:
    facts = account.facts.get(at("ds.directory_stage", directory.region, directory.name))
    id = str(facts["id"]) if isinstance(facts, Mapping) else ""
    which = f"--region {directory.region} --directory-id {quote(id)}"
    retry = f"If nobody is in it: aws ds delete-directory {which}; then make a new plan, which makes it again."
    return Fault(
        address=_address(directory),
        severity="high",
        summary=f"the directory {directory.name} is {stage.lower()}" + (f": {reason}" if reason else ""),
        evidence={"stage": stage, "id": id},
        manual=Manual(
            address=_address(directory),
            summary=f"the directory {directory.name} does not work",
            steps=(
                f"See what AWS says of it: aws ds describe-directories --region {directory.region} "
                f"--directory-ids {quote(id)}",
                retry
                if stage == "Failed"
                else "https://docs.aws.amazon.com/directoryservice/latest/admin-guide/"
                "ms_ad_directory_status.html says what to do.",
            ),
            check=f"The next plan finds it {READY}.",
        ),
    )


def _no_region(directory: Directory) -> Fault:
    summary = f"the directory {directory.name} is declared in {directory.region}, which this account has not enabled"
    return Fault(
        address=_address(directory),
        severity="medium",
        summary=summary,
        manual=Manual(
            address=_address(directory),
            summary=summary,
            steps=(
                "Correct the region in the playbook.",
                f"Or: aws account enable-region --region-name {directory.region}",
            ),
            check="The next plan finds the region enabled.",
        ),
    )


def _refuses(settings: Settings, _moment: Moment) -> Iterator[Complaint]:
    """Two directories whose passwords would be looked for in one place."""
    seen: set[str] = set()
    for i, directory in enumerate(settings.directories):
        if directory.password.variable in seen:
            yield f"directories[{i}].name", f"{directory.name} stands here twice, or reads like another one"
        seen.add(directory.password.variable)


control = Control(
    id="directory",
    title="Directories of people and machines",
    guideline="G5",
    cis_7=("2.19",),
    cis_5=("1.20",),
    changes="the playbook's Simple AD, Managed Microsoft AD and AD Connector directories, and trusts; they cost money",
    kinds=("ds.directory", "ds.forwarder", "ds.trust"),
    rollback="trusts and forwarders: exact; a directory stays, with everybody in it",
    settings=Settings,
    check=check,
    asks=asks,
    refuses=_refuses,
    doc=__doc__,
)
