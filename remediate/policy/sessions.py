"""What policies give the sessions that a user makes with GetFederationToken.

Such a session may do what its maker may, as far as the policy leaves it that was passed when it was made, and that may
leave all. But AWS does not see the user in it: there is no `aws:username`, `aws:PrincipalType` is FederatedUser, and
whoever makes it chooses the name in `aws:userid` and `aws:PrincipalArn`, and tags. So a change may mean nothing to the
user and something to them.

https://docs.aws.amazon.com/STS/latest/APIReference/API_GetFederationToken.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
"""

from collections.abc import Sequence
from functools import lru_cache

import msgspec

from remediate.policy.compare import Difference, Policies
from remediate.policy.known import Known, effects
from remediate.policy.rules import rule

FEDERATE = "sts:getfederationtoken"
KIND = "aws:principaltype"


def callers(known: Known, sides: Sequence[Policies]) -> Sequence[Known]:
    """Who asks with the policies of a user or role of whom something is known: they, and the sessions that they make.

    What denies GetFederationToken is not looked at. Where no statement tells a session from its maker, it is left out.
    """
    if known.get(KIND) != "User" or not any(_gives(text) for side in sides for text in side.get("identity", ())):
        return [known]
    if not any(looks(text) for side in sides for held in side.values() for text in held):
        return [known]
    kept = {key: value for key, value in known.items() if key == "aws:principalaccount"}
    return [known, {**kept, KIND: "FederatedUser", "aws:username": None}]


@lru_cache(maxsize=65536)
def _gives(text: str) -> bool:
    return "Allow" in effects(text) and (text.startswith("arn:") or rule(text).actions.cover(FEDERATE, lambda _: None))


@lru_cache(maxsize=65536)
def looks(statement: str) -> bool:
    """Whether a statement may look at who asks; one that is not at hand may."""
    return statement.startswith("arn:") or any(sign in statement for sign in ("${", '"aws:principal', '"aws:user'))


def marked(found: Difference, known: Known) -> Difference:
    """The same, with what tells a session from its maker where it is one that asks."""
    if known.get(KIND) != "FederatedUser":
        return found
    if found.request is None:
        return msgspec.structs.replace(found, doubt=f"{found.doubt}, in a session of GetFederationToken")
    context = {**found.request.context, KIND: "FederatedUser"}
    return msgspec.structs.replace(found, request=msgspec.structs.replace(found.request, context=context))
