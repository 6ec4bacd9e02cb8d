"""What somebody without an MFA device has to be allowed, to sign in for the first time and to enrol one.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_examples_aws_my-sec-creds-self-manage.html
"""

from collections.abc import Iterator, Sequence

from remediate.account import Account, User
from remediate.effective import Effective, facts_of, spelled_out
from remediate.model import at
from remediate.policy.branches import NOWHERE, Free, Layers, Rule, lost
from remediate.policy.compare import Policies
from remediate.policy.known import DENYING, Known, denies, prepared
from remediate.policy.rules import rule

PASSWORD = ("iam:ChangePassword", "iam:GetAccountPasswordPolicy")
"""What the account's password policy lets everybody do, where it says so; a Deny counts all the same.
https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_passwords_account-policy.html"""
OWN = ("iam:ChangePassword", "iam:EnableMFADevice", "iam:GetUser", "iam:ListMFADevices")
"""What is about the user."""
WITHOUT: Known = {"aws:multifactorauthpresent": "false", "aws:multifactorauthage": None, "aws:viaawsservice": "false"}
UNREAD = ("Allow arn:", "Deny arn:")
"""How the halves of a policy begin whose document is not at hand."""

Call = tuple[str, str]
"""An action, and what it is about."""


def calls(account: Account, user: User) -> Iterator[Call]:
    """Everything it takes."""
    yield from ((action, user.arn) for action in OWN)
    yield "iam:CreateVirtualMFADevice", f"arn:{account.partition}:iam::{account.id}:mfa/{user.name}"
    yield "iam:GetAccountPasswordPolicy", "*"


def kept_from(effective: Effective, user: User, more: tuple[str, ...]) -> str:
    """The first of these that somebody could never do, anywhere at any time, though further statements allow it.

    Empty if there is none. Of policies whose document is not at hand nobody knows.
    """
    account, principal = effective.account, at("iam.user", user.name)
    layers = spelled_out(account, effective.of(principal))
    limits = {**layers, "identity": frozenset({*filter(denies, layers["identity"]), *more})}
    if limits == {"identity": frozenset(more)}:
        return ""  # as most: what comes gives all it takes
    known = {**facts_of(account, principal), **WITHOUT}
    wanted = list(calls(account, user))
    if _possible(limits, wanted, known):
        return ""
    return next((call[0] for call in wanted if not _possible(limits, [call], known)), wanted[0][0])


def _possible(policies: Policies, wanted: Sequence[Call], known: Known) -> bool:
    """Whether one and the same circumstances allow all of these calls."""
    rules: list[Rule] = []
    layers = [(layer, f"{layer} {number}", number) for layer in policies for number in range(len(wanted))]
    for layer, name, number in layers:
        for text in policies[layer]:
            rules += _rules(text, wanted[number], frozenset({name}), known)
    return lost(rules, frozenset(name for _, name, _ in layers)) is not None


def _rules(text: str, call: Call, layer: Layers, known: Known) -> Iterator[Rule]:
    """What a statement says of a call. Of a policy that only AWS knows, nothing is certain but that some only deny."""
    if text.startswith(UNREAD):
        if DENYING.search(text):
            yield Rule(False, layer, NOWHERE)
        return
    if not rule(text).actions.cover(call[0].lower(), lambda _: None):
        return
    for one in prepared(text, known):
        open_ = one.on(call[1])
        if open_ is not None and not (one.allows and any(isinstance(literal, Free) for literal in open_)):
            yield Rule(one.allows, layer, NOWHERE, open_)
