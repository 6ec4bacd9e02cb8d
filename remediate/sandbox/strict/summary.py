"""The account summary counts what is there now.

AWS's summary has the root user's keys, MFA and password; moto's has no root user, and counts versions by attachments.
Tests set `account_summary._account_access_keys_present` and `._account_mfa_enabled`, as moto keeps them.
https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetAccountSummary.html
"""

from typing import Any

from remediate.sandbox.strict.holders import own_policies
from remediate.sandbox.strict.patch import Call, around


def install() -> None:
    from moto.iam.responses import IamResponse

    around(IamResponse, "get_account_summary", _summary)


def _summary(original: Any, response: Any, call: Call) -> Any:
    own = own_policies(response.backend)
    answer = original()
    answer.result["SummaryMap"] = {
        **answer.result["SummaryMap"],
        "AccountPasswordPresent": 1,
        "Policies": len(own),
        "PolicyVersionsInUse": sum(len(p.versions) for p in own),
    }
    return answer
