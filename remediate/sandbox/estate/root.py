"""A small organization, with central root access half switched on, and a member whose root user has a forgotten key."""

from typing import Any

from remediate.sandbox.builder import ACCOUNT, REGION, Builder

MEMBER = "210987654321"


def organization(account: Builder) -> None:
    """The account manages one other: IAM is trusted, root credentials are managed from here, root sessions are not."""
    from moto.organizations.models import organizations_backends

    from remediate.sandbox import strict
    from remediate.sandbox.strict.organizations import IAM

    strict.install("organizations")
    backend: Any = organizations_backends[ACCOUNT]["aws"]
    backend.create_organization(REGION, FeatureSet="ALL")
    _add(backend, MEMBER, "acme-dev")
    for member in backend.accounts:
        member.create_time = account.ago(1500).replace(tzinfo=None)
    backend.enable_aws_service_access(ServicePrincipal=IAM)
    backend.org.root_features = ("RootCredentialsManagement",)


def _add(backend: Any, number: str, name: str) -> None:
    """Moto draws the number of a new account; this one has the number that playbooks name."""
    from moto.iam.models import iam_backends
    from moto.organizations.models import organizations_backends

    backend.create_account(AccountName=name, Email=f"{name}@acme.example")
    drawn, backend.accounts[-1].id = backend.accounts[-1].id, number
    organizations_backends.master_accounts[number] = organizations_backends.master_accounts.pop(drawn)
    iam_backends.pop(drawn)


def member_key(account: Builder) -> None:
    """Made when the member account was opened, and last used more than a year ago."""
    from moto.iam.models import AccessKey, AccessKeyLastUsed, iam_backends

    kind: Any = AccessKey
    key = kind(user_name=None, prefix="AKIA", account_id=MEMBER)
    key.create_date = account.ago(1480)
    key.last_used = AccessKeyLastUsed(account.ago(400), "s3", REGION)
    member: Any = iam_backends[MEMBER]["aws"]
    member.root_keys = (key,)
