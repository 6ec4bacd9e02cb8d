"""The domains that a Managed Microsoft AD is to trust: first the way to their name servers, then the trust."""

from collections.abc import Iterator, Mapping
from shlex import quote

from remediate.account import Account
from remediate.controls.directory_settings import Directory, Trust
from remediate.model import Address, Fault, Manual, Value, Want, at
from remediate.passwords import of_trust

BROKEN = frozenset({"Failed", "VerifyFailed", "UpdateFailed"})
"""https://docs.aws.amazon.com/directoryservice/latest/devguide/API_Trust.html"""
KINDS = ("ds.forwarder", "ds.trust", "ds.trust_state")


def asks(directory: Directory) -> list[Address]:
    return [at(kind, directory.region, directory.name) for kind in KINDS] if directory.trusts else []


def later(directory: Directory) -> Iterator[Fault]:
    """The trusts of a directory that is not ready for them."""
    for trust in directory.trusts:
        address = _address("ds.trust", directory, trust)
        summary = f"{directory.name} cannot trust {trust.domain} before it is active"
        yield Fault(
            address=address,
            severity="low",
            summary=summary,
            manual=Manual(
                address=address,
                summary=f"{summary}: 20 to 45 minutes after its making",
                steps=("Wait until the directory is active.", "Then make a new plan: remediate plan"),
                check="The next plan has the trust among its changes.",
            ),
        )


def check(account: Account, directory: Directory) -> Iterator[Fault]:
    if any(account.gaps(*asks(directory))):
        return  # the planner names the control beside what is missing
    for trust in directory.trusts:
        live = account.value(_address("ds.trust", directory, trust))
        wanted: Value = {"direction": trust.direction, "type": trust.type}
        if live is not None and live != wanted:
            yield _other(directory, trust, live)
            continue
        wants = [w for w in _wants(account, directory, trust, wanted) if account.value(w.address) != w.after]
        if wants:
            known = f"{directory.name} asks other name servers for {trust.domain} than declared"
            new = f"{directory.name} has no trust with {trust.domain}"
            yield Fault(
                address=_address("ds.trust", directory, trust),
                severity="low",
                summary=new if live is None else known,
                evidence={"trust": live, "dns": account.value(_address("ds.forwarder", directory, trust))},
                wants=tuple(wants),
            )
        yield from _broken(account, directory, trust)


def _address(kind: str, directory: Directory, trust: Trust) -> Address:
    return at(kind, directory.region, f"{directory.name}/{trust.domain}")


def _wants(account: Account, directory: Directory, trust: Trust, wanted: Value) -> Iterator[Want]:
    there = account.value(_address("ds.forwarder", directory, trust)) is not None
    yield Want(
        address=_address("ds.forwarder", directory, trust),
        after=sorted(trust.dns),
        why=f"{directory.name} finds {trust.domain}",
        risk="restrictive" if there else "additive",
        notice=f"{trust.domain} is looked up at other name servers" if there else "",
    )
    yield Want(
        address=_address("ds.trust", directory, trust),
        after=wanted,
        why=f"people of one domain are let in by the other ({trust.direction})",
        risk="additive",
        notice=f"its password is read when this is applied: {of_trust(directory.name, trust.domain)}",
    )


def _other(directory: Directory, trust: Trust, live: Value) -> Fault:
    address = _address("ds.trust", directory, trust)
    summary = f"the trust of {directory.name} with {trust.domain} is another one than declared"
    return Fault(
        address=address,
        severity="medium",
        summary=summary,
        evidence={"live": live, "playbook": {"direction": trust.direction, "type": trust.type}},
        manual=Manual(
            address=address,
            summary=f"{summary}; direction and type are fixed, so it is left as it is",
            steps=(
                "Correct the playbook.",
                f"Or delete the trust on both sides (aws ds describe-trusts --region {directory.region}, "
                "aws ds delete-trust --trust-id …); the next plan makes it anew.",
            ),
            check="The next plan finds the trust as declared, or makes it.",
        ),
    )


def _broken(account: Account, directory: Directory, trust: Trust) -> Iterator[Fault]:
    facts = account.facts.get(_address("ds.trust_state", directory, trust))
    if not isinstance(facts, Mapping) or facts["state"] not in BROKEN:
        return
    address = _address("ds.trust", directory, trust)
    summary = f"the trust of {directory.name} with {trust.domain} does not work: {facts['state']}"
    yield Fault(
        address=address,
        severity="medium",
        summary=f"{summary} {facts['reason']}".rstrip(),
        evidence=facts,
        manual=Manual(
            address=address,
            summary=summary,
            steps=(
                f"Make the other side of it in {trust.domain}, with the same password.",
                f"Then have it verified: aws ds describe-trusts --region {directory.region} --query "
                + quote(f"Trusts[?RemoteDomainName=='{trust.domain}'].TrustId")
                + ", aws ds verify-trust --trust-id …",
            ),
            check="The next plan finds it verified.",
        ),
    )
