"""An account's alias is deleted by its name; moto deletes whatever it is called.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteAccountAlias.html
"""

from typing import Any

from remediate.sandbox.strict.patch import Call, before, fail


def install() -> None:
    from moto.iam.responses import IamResponse

    before(IamResponse, "delete_account_alias", _there)


def _there(response: Any, call: Call) -> None:
    alias = response._get_param("AccountAlias")
    if alias not in response.backend.account_aliases:
        fail("NoSuchEntity", f"The account alias {alias} does not exist.")
