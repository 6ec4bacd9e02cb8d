"""Plans made by hand, to be shown."""

from datetime import UTC, datetime, timedelta

from remediate.model import (
    Address,
    Change,
    Check,
    Concerned,
    Effect,
    Exempted,
    Finding,
    Header,
    Kept,
    Manual,
    Plan,
    Reason,
    Reversal,
    Risk,
    Unknown,
    Value,
    Witness,
    at,
)
from remediate.replayed import Replay, Stopped, Weighed

HOSTILE = (
    "=cmd+1@x",
    "\x1b[2Jgone",
    "\x9b31mred",
    "<script>alert(1)</script>",
    "a|b",
    "`rm`",
    "a\\|b",
    "[click](https://example.com)",
    "https://example.com/x",
    "![](x)",
    "@everyone #1",
    "\u202egnp.exe",
    "\u2066\u200b\ufeffhidden",
    "two\nlines",
    "carriage\rreturn",
    "line\u2028separator",
    "{{ 7 * 7 }}",
    "</pre></details><b>",
    "0012",
    "1e5",
    "x" * 300,
    "名前" * 60,
    "",
    "   ",
)
"""What somebody may call a user, a group, a tag or a statement."""

PATH = "plans/20261123T101500Z-123456789012.plan.json"
BEGUN = datetime(2026, 11, 23, 10, 15, tzinfo=UTC)
ADMIN = "arn:aws:iam::aws:policy/AdministratorAccess"
OWN = "arn:aws:iam::123456789012:policy/readers-3f2a"
DOCUMENT: Value = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": ["s3:Get*", "s3:List*"], "Resource": "*"}],
}


def header(rolls_back: str = "") -> Header:
    return Header(
        tool="0.1.0",
        account="123456789012",
        alias="acme-prod",
        partition="aws",
        caller="arn:aws:sts::123456789012:assumed-role/Admin/carol",
        playbook="guidelines",
        playbook_digest="5f" * 32,
        created=BEGUN,
        expires=BEGUN.replace(day=24),
        rolls_back=rolls_back,
    )


def change(
    number: int,
    address: Address,
    before: Value,
    after: Value,
    *,
    control: str = "groups",
    why: str = "permissions come from groups",
    needs: tuple[int, ...] = (),
    risk: Risk = "neutral",
    reversal: Reversal = "exact",
    loss: str = "",
    notice: str = "",
    evidence: dict[str, Value] | None = None,
) -> Change:
    return Change(
        id=number,
        address=address,
        before=before,
        after=after,
        reasons=(Reason(control=control, why=why),),
        needs=needs,
        risk=risk,
        reversal=reversal,
        loss=loss,
        notice=notice,
        evidence=evidence or {},
    )


CHANGES = (
    change(1, at("iam.group", "readers"), None, {"path": "/"}),
    change(2, at("iam.policy", OWN), None, {"document": DOCUMENT, "path": "/"}),
    change(
        3,
        Address("iam.password_policy"),
        {"MinimumPasswordLength": 6, "RequireSymbols": True},
        {"MinimumPasswordLength": 14, "RequireSymbols": True, "MaxPasswordAge": 90},
        control="password-policy",
        why="passwords are at least as strong as the playbook asks",
    ),
    change(
        4,
        at("iam.access_key", "ci-legacy", "AKIAIOSFODNN7EXAMPLE"),
        "Active",
        "Inactive",
        control="unused-credentials",
        why="last used 231 days ago by s3 in us-east-1",
        risk="restrictive",
        notice="key AKIAIOSFODNN7EXAMPLE made inactive: last used 231 days ago by s3 in us-east-1",
        evidence={"last_used": "2026-04-06T00:00:00Z"},
    ),
    change(
        5,
        at("iam.login_profile", "alice"),
        "password",
        None,
        control="unused-credentials",
        why="password not used since 2025-11-02",
        risk="restrictive",
        reversal="equivalent",
        loss="the password itself: rollback makes a new one-time password, shown once",
        notice="password removed: not used since 2025-11-02; can be given a new one",
    ),
    change(
        6,
        at("iam.access_key", "dave", "AKIAI44QH8DHBEXAMPLE"),
        "Inactive",
        None,
        control="unused-credentials",
        why="inactive and unused since 2026-09-01: the quarantine of 30 days is over",
        risk="destructive",
        reversal="impossible",
        loss="the key: its secret cannot be made again",
        notice="key AKIAI44QH8DHBEXAMPLE deleted for good",
    ),
    change(7, at("iam.group_policy", "readers", OWN), None, "attached", needs=(1, 2)),
    change(8, at("iam.group_member", "readers", "bob"), None, "member", needs=(7,)),
    change(9, at("iam.user_inline", "bob", "read"), DOCUMENT, None, needs=(8,), why="bob's own policy"),
    change(10, at("iam.user_policy", "bob", ADMIN), "attached", None, needs=(1, 2, 7, 8), why="bob's own policy"),
)
FINDINGS = (
    Finding(
        control="groups",
        address=at("iam.user", "bob"),
        severity="medium",
        summary="bob has 2 policies of its own",
        standards=("G8", "CIS 2.13", "IAM.2"),
        evidence={"own": ["read"]},
        changes=(1, 2, 7, 8, 9, 10),
    ),
    Finding(
        control="password-policy",
        address=Address("iam.password_policy"),
        severity="medium",
        summary="weak: MinimumPasswordLength",
        standards=("G6", "CIS 2.8"),
        changes=(3,),
    ),
    *(
        Finding(
            control="unused-credentials",
            address=CHANGES[number - 1].address,
            severity="medium",
            summary=CHANGES[number - 1].reasons[0].why,
            standards=("G2", "CIS 2.11"),
            changes=(number,),
        )
        for number in (4, 5, 6)
    ),
)
MANUAL = (
    Manual(
        control="root-mfa",
        address=Address("iam.root"),
        summary="root has no MFA device",
        steps=(
            "Sign in as root and add a passkey or a security key: https://console.aws.amazon.com/iam",
            "If not: aws iam delete-login-profile --user-name 'somebody-with-a-long-name'; aws iam list-mfa-devices",
        ),
        check="The next plan finds an MFA device.",
    ),
)
UNKNOWNS = (
    Unknown(what="cloudtrail", reason="AccessDenied: cloudtrail:DescribeTrails in eu-west-3", controls=("trail",)),
)
EXEMPTED = (
    Exempted(
        control="groups",
        address=at("iam.user", "legacy"),
        summary="legacy has 1 policy of its own",
        owner="ops@example.com",
        reason="goes away with the old build farm",
        expires="2027-01-31",
    ),
)
CHECKS = (Check(guard="access", detail="nobody gains or loses access that no change declares"),)


def plan(
    changes: tuple[Change, ...] = CHANGES,
    *,
    findings: tuple[Finding, ...] = FINDINGS,
    manual: tuple[Manual, ...] = MANUAL,
    unknowns: tuple[Unknown, ...] = UNKNOWNS,
    exempted: tuple[Exempted, ...] = EXEMPTED,
    kept: tuple[Kept, ...] = (),
    rolls_back: str = "",
    replay: Replay | None = None,
) -> Plan:
    return Plan(
        format=1,
        digest="ab" * 32,
        header=header(rolls_back),
        findings=findings,
        changes=changes,
        manual=manual,
        unknowns=unknowns,
        exempted=exempted,
        checks=CHECKS,
        kept=kept,
        replay=replay,
    )


def effect(who: Address, name: str, *changes: int) -> Effect:
    """A loss and a gain with the same name everywhere, and one that is not proven."""
    some = {"action": name, "resource": name, "context": {name: name, "b": (name, name)}, "absent": (name,)}
    shown, doubtful = Witness(statement=name, **some), Witness(statement=name, doubt=name)  # type: ignore[arg-type]
    by = tuple(Concerned(change=n, who=(who,)) for n in changes)
    return Effect(who=() if by else (who,), changes=by, loses=(shown, doubtful), gains=(doubtful, shown), more=1)


def replayed(
    name: str = "alice",
    action: str = "s3:GetObject",
    resource: str = "arn:aws:s3:::reports/q3.csv",
    event: str = "s3.amazonaws.com/NewThing",
    *,
    who: str = "",
    sure: bool = True,
) -> Replay:
    """Calls of somebody that change 3 would have denied."""
    stopped = Stopped(
        who=who or name,
        name=name,
        change=3,
        action=action,
        resource=resource,
        calls=12,
        last=BEGUN - timedelta(days=6),
        sure=sure,
    )
    return Replay(
        since=BEGUN - timedelta(days=89),
        until=BEGUN - timedelta(hours=3),
        calls=48_211,
        weighed=(Weighed(change=3, calls=640, denied=12 * sure, perhaps=12 * (not sure)),),
        stopped=(stopped,),
        denied=12 * sure,
        perhaps=12 * (not sure),
        unmapped=31,
        unknown=(event,),
        unseen=(1, 2),
        reads=True,
        data=True,
    )


def empty() -> Plan:
    """Nothing found, nothing unknown."""
    return plan((), findings=(), manual=(), unknowns=(), exempted=())


def rollback() -> Plan:
    """Two changes taken back, and two entries that stay."""
    back = (
        change(1, at("iam.group_member", "readers", "bob"), "member", None),
        change(2, at("iam.login_profile", "alice"), None, "password", risk="additive", needs=(1,)),
    )
    kept = (
        Kept(address=CHANGES[5].address, why="cannot be taken back: the key: its secret cannot be made again"),
        Kept(address=at("iam.group", "readers"), why="in use since: iam.group_member/readers/erin"),
    )
    return plan(back, findings=(), manual=(), unknowns=(), exempted=(), kept=kept, rolls_back="cd" * 32)


def big(count: int = 500) -> Plan:
    """Somebody joins a group, loses an own policy, and has a key made inactive, again and again."""
    half = range(1, count // 2 + 1)
    changes = [change(n, at("iam.group_member", f"group-{n % 7}", f"user-{n}"), None, "member") for n in half]
    for n in range(count // 2 + 1, count + 1):
        user = f"user-{n - count // 2}"
        key = at("iam.access_key", user, f"AKIA{n:016}")
        notice = f"key AKIA{n:016} made inactive: never used since it was made 400 days ago"
        risk: Risk = "restrictive"
        changes.append(change(n, key, "Active", "Inactive", risk=risk, notice=notice, needs=tuple(range(1, n % 9))))
    return plan(tuple(changes), findings=(), manual=MANUAL * 40, unknowns=UNKNOWNS * 30, exempted=EXEMPTED * 20)


def named(name: str) -> Plan:
    """The same name everywhere where AWS or a person may have put it."""
    changes = (
        change(1, at("iam.group", name), None, {"path": ["/"] * 40, f"<{name}": name}, why=f"why {name}", control=name),
        change(2, at("iam.user_tag", name, name), name, f"{name}!", why=name, loss=name, reversal="equivalent"),
        change(3, at("iam.user_inline", name, name), {"a": name, "b": 1}, {"a": [name], "b": 2}, notice=name),
        change(4, at("iam.access_key", name, name), name, None, loss=name, reversal="impossible", needs=(1, 2)),
    )
    return plan(
        changes,
        findings=(
            Finding(
                control=name,
                address=at("iam.user", name),
                severity="low",
                summary=name,
                standards=(name,),
                evidence={name: name},
                changes=(1,),
            ),
        ),
        manual=(Manual(control=name, address=at("iam.user", name), summary=name, steps=(name,), check=name),),
        unknowns=(Unknown(what=name, reason=name, controls=(name,)),),
        exempted=(
            Exempted(
                control=name,
                address=at("iam.user", name),
                summary=name,
                owner=name,
                reason=name,
                expires=name,
            ),
        ),
        kept=(Kept(address=at("iam.user", name), why=name),),
        replay=replayed(f"somebody {name}", name, name, name),  # after `role …`, whatever the name
    )
