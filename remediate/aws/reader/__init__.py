"""Reads the live account in few calls: they grow with pages, regions and offenders, never with users.

Everything is read in parallel. A read that fails is an unknown in the account; only credentials that are missing or
ended stop the reading.
"""

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor

import msgspec

from remediate.account import Account, Key, Root, User
from remediate.aws.facts import FACTS
from remediate.aws.reader.credentials import read_credentials
from remediate.aws.reader.details import read_details
from remediate.aws.reader.part import Part
from remediate.aws.reader.report import ROOT, Row, read_report
from remediate.aws.reader.trails import DISABLED, read_regions, read_trails
from remediate.aws.resources import RESOURCES
from remediate.aws.session import Answer, Session
from remediate.errors import CallFailed, CredentialsEnded
from remediate.model import Address, Value, at, kind_of, pair_of

WORKERS = 16
DETAILS = ("iam.user", "iam.group", "iam.policy", "iam.role")
"""What one listing of IAM tells; every other IAM kind read there begins with one of these names."""


def read_account(aws: Session) -> Account:
    """The account as it is now, without what has to be asked for. Raises CredentialsEnded."""
    caller = aws.read("sts", "get_caller_identity")
    with ThreadPoolExecutor(WORKERS) as pool, ThreadPoolExecutor(WORKERS) as regional:
        report = pool.submit(_report, aws)
        regions = pool.submit(_regions, aws)
        parts = [
            pool.submit(_attempt, DETAILS, lambda: read_details(aws)),
            pool.submit(_attempt, ("iam.summary",), lambda: _summary(aws)),
            pool.submit(_attempt, ("iam.password_policy",), lambda: _policy(aws)),
        ]
        alias = pool.submit(_alias, aws)
        enabled, gaps = regions.result()
        trails = _attempt(("cloudtrail",), lambda: read_trails(aws, caller["Account"], enabled, regional))
        found = [*(part.result() for part in parts), trails, Part(unknown=gaps)]
        rows, blind = report.result()
        account = _account(aws, caller, alias.result(), enabled)
    return _with_report(_join(account, [*found, Part(unknown=blind)]), rows)


def read_more(aws: Session, account: Account, asked: Iterable[Address]) -> Account:
    """The account with what controls asked for: keys, last uses, and single settings by their address."""
    wanted = sorted(asked)
    with ThreadPoolExecutor(WORKERS) as pool:
        parts = list(pool.map(lambda address: _asked(aws, account, address), wanted))
    return msgspec.structs.replace(_join(account, parts), asked=account.asked | set(wanted))


def _asked(aws: Session, account: Account, address: Address) -> Part:
    """The answer, or the unknown. A region that does not know the account is one that it has not enabled."""
    try:
        return _attempt((address,), lambda: _one(aws, account, address))
    except CredentialsEnded as error:
        if error.code not in DISABLED or pair_of(address)[0] not in account.regions:
            raise
        return Part(unknown={address: _reason(error)})


def _one(aws: Session, account: Account, asked: Address) -> Part:
    if kind_of(asked) in ("iam.access_key", "iam.login_profile"):
        return read_credentials(aws, account, asked)
    if kind_of(asked) in FACTS:
        return Part(facts=FACTS[kind_of(asked)].read(aws, account, asked))
    return Part(state=RESOURCES[kind_of(asked)].read(aws, asked))


def _attempt(prefixes: tuple[str, ...], read: Callable[[], Part]) -> Part:
    try:
        return read()
    except CredentialsEnded:
        raise
    except CallFailed as error:
        return Part(unknown=dict.fromkeys(prefixes, _reason(error)))


def _reason(error: CallFailed) -> str:
    return f"{error.operation}: {error.code}: {error.message}"


def _account(aws: Session, caller: Answer, alias: str, regions: tuple[str, ...]) -> Account:
    assumed_by, assumer_key = aws.behind()
    return Account(
        assumed_by=assumed_by,
        assumer_key=assumer_key,
        id=caller["Account"],
        partition=caller["Arn"].split(":")[1],
        caller=caller["Arn"],
        caller_key=aws.access_key(),
        alias=alias,
        region=aws.region,
        regions=regions,
        state={},
    )


def _alias(aws: Session) -> str:
    """The account's alias, only for people to read: without it, the account's number stands alone."""
    try:
        aliases = [a for page in aws.pages("iam", "list_account_aliases") for a in page["AccountAliases"]]
    except CredentialsEnded:
        raise
    except CallFailed:
        return ""
    return str(aliases[0]) if aliases else ""


def _regions(aws: Session) -> tuple[tuple[str, ...], Mapping[str, str]]:
    try:
        return read_regions(aws), {}
    except CredentialsEnded:
        raise
    except CallFailed as error:
        return (aws.region,), dict.fromkeys(("cloudtrail", "regions"), f"regions cannot be listed: {_reason(error)}")


def _report(aws: Session) -> tuple[Mapping[str, Row], Mapping[str, str]]:
    try:
        return read_report(aws), {}
    except CredentialsEnded:
        raise
    except CallFailed as error:
        return {}, {"credential-report": _reason(error)}


def _summary(aws: Session) -> Part:
    return Part(summary=aws.read("iam", "get_account_summary")["SummaryMap"])


def _policy(aws: Session) -> Part:
    address = at("iam.password_policy")
    return Part(state=RESOURCES[address].read(aws, address))


def _join(account: Account, parts: Iterable[Part]) -> Account:
    state: dict[Address, Value] = dict(account.state)
    keys = dict(account.keys)
    merged = {
        name: dict(getattr(account, name)) for name in ("users", "roles", "sign_ins", "summary", "facts", "unknown")
    }
    trails = account.trails
    for part in parts:
        state.update(part.state)
        for name, values in merged.items():
            values.update(getattr(part, name))
        for user, found in part.keys.items():
            keys[user] = _keys(keys.get(user, ()), found)
        trails = (*trails, *part.trails)
    state = {address: value for address, value in state.items() if value is not None}
    return msgspec.structs.replace(account, state=state, keys=keys, trails=trails, **merged)


def _keys(known: tuple[Key, ...], found: tuple[Key, ...]) -> tuple[Key, ...]:
    """Two answers about one user's keys: what was asked of a key by its id counts."""
    asked = {key.id: key for key in (*known, *found) if key.asked}
    return tuple(asked.get(key.id, key) for key in found)


def _with_report(account: Account, rows: Mapping[str, Row]) -> Account:
    users: dict[str, User] = {}
    state = dict(account.state)
    for name, user in account.users.items():
        row = rows.get(name)
        users[name] = user
        if row:
            users[name] = msgspec.structs.replace(user, password=row.password, keys=row.keys, mfa=row.mfa)
            state.update({at("iam.login_profile", name): "password"} if row.password else {})
    return msgspec.structs.replace(account, users=users, state=state, root=_root(rows[ROOT]) if ROOT in rows else None)


def _root(row: Row) -> Root:
    return Root(last_used=row.password.last_used if row.password else None, mfa=row.mfa, keys=row.keys)
