"""A plan that changes an entry of every kind there is, in one account: the first steps of the contract's cases.

What a case needs is in the plan where another case makes it, and in the account from the start where none does.
"""

import json
from typing import Any

from remediate.aws.resources import RESOURCES
from remediate.aws.session import Session
from remediate.model import Address, Value, at, kind_of
from remediate.sandbox.builder import REGION
from support.contract import CASES, account, directories, iam, identity, instances, root, secrets, trail
from support.contract.alarms import FILTER
from support.contract.case import Case, Client
from support.engine import Step
from support.mutations import document

SECOND = "second.example.com"


def _statements(held: Any) -> list[Value]:
    return list(held[at("s3.bucket_policy", "logs")]["Statement"])


MERGED: Value = {"Version": "2012-10-17", "Statement": [*_statements(trail.OPEN), *_statements(trail.TARGET)]}
INSTEAD: dict[str, Case] = {
    "ds.directory": Case(at("ds.directory", REGION, SECOND), (None, directories.SIMPLE)),
    "iam.policy": next(case for case in CASES if case.id.startswith("iam.policy/")),
    "iam.oidc_provider": next(case for case in CASES if case.id == f"iam.oidc_provider/{identity.PATH}"),
    "kms.key": Case(at("kms.key", trail.HOME, "alias/other"), (None, {"policy": trail.FOR_CLOUDTRAIL})),
    "logs.group": Case(at("logs.group", trail.HOME, "other"), (None, {"class": "STANDARD"})),
    "s3.bucket": Case(at("s3.bucket", "other"), (None, {"region": trail.HOME})),
    "logs.metric_filter": Case(
        at("logs.metric_filter", trail.HOME, "audit:sign-in"), (None, FILTER), {trail.GROUP: {"class": "STANDARD"}}
    ),
    "organizations.service_access": Case(
        at("organizations.service_access", "access-analyzer.amazonaws.com"), (None, "trusted")
    ),
    "iam.organizations_feature": Case(at("iam.organizations_feature", "RootSessions"), (None, "enabled")),
    "iam.root_access_key": Case(root._address, ("Active", None), name="iam.root_access_key"),
    "s3.bucket_policy": Case(at("s3.bucket_policy", "logs"), (None, MERGED), {trail.BUCKET: {"region": trail.HOME}}),
}
"""Cases that fit into an account with the others, for kinds of which the contract's own do not."""


def kind_of_case(case: Case) -> str:
    return case.id.partition("/")[0].partition(" ")[0]


def chosen(client: Client) -> dict[Address, Case]:
    """A case of each kind by its address, those first on which others rest."""
    first = {kind_of_case(case): case for case in reversed(CASES)} | INSTEAD
    cases = {case.address if isinstance(case.address, str) else case.address(client): case for case in first.values()}

    def depth(address: Address) -> int:
        return 1 + max((depth(needed) for needed in cases[address].needed if needed in cases), default=0)

    return {address: cases[address] for address in sorted(cases, key=lambda address: (depth(address), address))}


def settle(client: Client) -> None:
    """What the cases find there: people, a machine, an organization, a directory, secrets."""
    root.member_with_a_key(client)
    account.shop(client)
    directories.active(client)
    client("secretsmanager").create_secret(Name=f"remediate/directory/{SECOND}", SecretString=directories.PASSWORD)
    iam._key(client)
    instances.instance(client)
    secrets.user_with_key(secrets.FIRST)(client)
    trail.somebody_elses_key(client)
    client("iam").put_user_policy(UserName="alice", PolicyName="mine", PolicyDocument=json.dumps(document()))


def steps(client: Client, session: Session) -> tuple[Step, ...]:
    """Makes the account, and the steps of the plan."""
    settle(client)
    cases = chosen(client)
    number = {address: n for n, address in enumerate(cases, start=1)}
    for case in cases.values():
        for address, value in case.needed.items():
            if address not in number:
                _exists(session, address, value)
    return tuple(
        Step(
            address, case.values[0], case.values[1], needs=tuple(sorted(number[a] for a in case.needed if a in number))
        )
        for address, case in cases.items()
    )


def _exists(session: Session, address: Address, value: Value) -> None:
    """What the account keeps for good is among it, so that its settings are taken back by a rollback."""
    kind = RESOURCES[kind_of(address)]
    if kind.read(session, address).get(address) != value:
        kind.write(session, address, None, value)
