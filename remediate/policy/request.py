"""What somebody asks of AWS, with all that policies may look at."""

from collections.abc import Callable, Mapping
from typing import Literal

from remediate.model import Struct
from remediate.policy.patterns import Variable

Context = Mapping[str, str | tuple[str, ...]]
"""The request's condition keys, in lower case; a tuple where a key may have several values. A key that is not here is
not in the request. Binary values are in base64.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html"""

Kind = Literal["user", "role session", "federated session", "root", "service", "provider", "anonymous"]


class Caller(Struct, frozen=True, kw_only=True):
    """Who asks, by all the names that a Principal may call them.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html"""

    kind: Kind = "user"
    """A federated session is one of GetFederationToken; whoever a provider vouches for becomes a role session only when
    the role's trust policy lets them in, and is known by the provider until then."""
    arn: str = ""
    """Of the user, the session or the root user; the name of the service; the ARN or name of the provider."""
    account: str = ""
    behind: str = ""
    """The ARN of the role, or of the user, whose session this is."""
    id: str = ""
    """The unique id of the user, or of the role behind a session: `AIDA…`, `AROA…`."""
    unnamed: bool = False
    """Whether nothing but the account is known: any user of it, or session of its roles."""


class Request(Struct, frozen=True, kw_only=True):
    """One call, as IAM decides it."""

    action: str
    """`s3:GetObject`, in any case."""
    resource: str = "*"
    """An ARN; `*` for actions that are about no resource."""
    context: Context = {}
    caller: Caller = Caller()
    owner: str = ""
    """The account that the resource belongs to; empty for the caller's own."""

    @property
    def crosses(self) -> bool:
        """Whether the resource is another account's."""
        return bool(self.owner) and self.owner != self.caller.account


def context(keys: Mapping[str, str | bool | int | list[str] | tuple[str, ...]]) -> Context:
    """Condition keys as a request has them: names in lower case, values as text."""
    return {key.lower(): _value(value) for key, value in keys.items()}


def _value(value: str | bool | int | list[str] | tuple[str, ...]) -> str | tuple[str, ...]:
    if isinstance(value, list | tuple):
        return tuple(value)
    return str(value).lower() if isinstance(value, bool) else str(value)


def lookup(context: Context) -> Callable[[Variable], str | None]:
    """What variables stand for in a request: its key's value, or else their default. An empty value is none, and a key
    that may have several values is no variable.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html#policy-vars-no-value
    """

    def value(variable: Variable) -> str | None:
        found = context.get(variable.key)
        return found if found and isinstance(found, str) else variable.default

    return value
