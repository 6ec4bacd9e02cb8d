"""A role that a run works as: assumed once for each part of the run's policy, which binds each session to its part.

A session may do what the role's own policies and the session policy both allow: however much the role may, a run does
no more than its plan. https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies.html#policies_session
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from remediate.aws.sdk import boto_session
from remediate.aws.session import Session, translated
from remediate.errors import CallFailed

if TYPE_CHECKING:
    import boto3
    from botocore.credentials import RefreshableCredentials

SECONDS = 3600
"""How long a session lasts; the SDK has a new one made in time. It is the longest where a role assumes a role:
https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles.html#iam-term-role-chaining"""

SERVICES = {"accessanalyzer": "access-analyzer"}
"""Of services that botocore calls otherwise than IAM does."""

TOO_LARGE = "PackedPolicyTooLarge"
"""AWS packs a session policy, and that may be too large although the text is not:
https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html#API_AssumeRole_Errors"""


class AssumedRole(Session):
    """A role, in one session that reads and, for a plan, one for each service that it writes to."""

    def __init__(
        self, caller: Session, role: str, name: str, policies: Mapping[str, Sequence[str]], *, reading: str
    ) -> None:
        """`policies` are those of each session by its name, the most exact first. The one named `reading` reads.

        All are assumed now: what AWS refuses, it refuses before anything is written. Raises CallFailed.
        """
        self.caller = caller
        self.role = role
        self.profile = caller.profile
        self._open(caller._boto, caller.region, caller._endpoint, {})
        self._reading = reading
        self._parts = {part: _Part(caller, role, name, held) for part, held in policies.items()}

    def access_key(self) -> str:
        """That of the session that reads. All of them belong to the role's account: `_Part` has made sure."""
        return str(self._parts[self._reading].load_credentials().get_frozen_credentials().access_key)

    def behind(self) -> tuple[str, str]:
        """Raises CallFailed."""
        return str(self.caller.read("sts", "get_caller_identity")["Arn"]), self.caller.access_key()

    def taken(self) -> Mapping[str, int]:
        """For each session, which of its policies AWS took."""
        return {name: part.taken for name, part in self._parts.items()}

    def _boto_for(self, service: str, *, once: bool) -> "boto3.Session":
        name = SERVICES.get(service, service)
        acts = once or service == "sts"  # who becomes a member's root user does it to act
        return self._parts[name if acts and name in self._parts else self._reading].boto


class _Part:
    """One session of a role, bound to one policy, and made anew before it ends."""

    def __init__(self, caller: Session, role: str, name: str, policies: Sequence[str]) -> None:
        from botocore.credentials import RefreshableCredentials

        self._caller = caller
        self._role = role
        self._name = name
        self._policies = policies
        self.taken = 0
        self._credentials = RefreshableCredentials.create_from_metadata(
            metadata=self._assumed(), refresh_using=self._assumed, method="remediate-assume-role"
        )
        with translated("credentials"):
            self.boto = boto_session(caller.profile, caller.region, self)

    def load_credentials(self) -> "RefreshableCredentials":
        """What the SDK signs with."""
        return self._credentials

    def _assumed(self) -> dict[str, str]:
        """A new session, as the SDK wants to know it. Raises CallFailed."""
        while True:
            try:
                answer = self._caller.read(
                    "sts",
                    "assume_role",
                    RoleArn=self._role,
                    RoleSessionName=self._name,
                    Policy=self._policies[self.taken],
                    DurationSeconds=SECONDS,
                )
                break
            except CallFailed as error:
                if error.code != TOO_LARGE or self.taken + 1 == len(self._policies):
                    raise
            self.taken += 1
        who = str(answer["AssumedRoleUser"]["Arn"])
        if who.split(":")[4] != self._role.split(":")[4]:
            raise CallFailed("assume_role", "OtherAccount", f"asked for {self._role}, and got {who}")
        made = answer["Credentials"]
        return {
            "access_key": made["AccessKeyId"],
            "secret_key": made["SecretAccessKey"],
            "token": made["SessionToken"],
            "expiry_time": made["Expiration"].isoformat(),
        }
