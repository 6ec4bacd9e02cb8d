"""What the instructions about the root user have in common: how to get to its security credentials."""

from remediate.account import Account

CONSOLES = {"aws-cn": "https://console.amazonaws.cn/"}
CONSOLE = "https://console.aws.amazon.com/"
GOVCLOUD = "aws-us-gov"
"""There the root user has no console, only access keys.
https://docs.aws.amazon.com/govcloud-us/latest/UserGuide/govcloud-account-root-user.html"""


def sign_in(account: Account) -> str:
    """The first step: the root user signs in."""
    url = CONSOLES.get(account.partition, CONSOLE)
    return f"Sign in at {url} as the root user of account {account.id}: Root user, its email address, its password."


CREDENTIALS = "Choose the account's name at the upper right, then Security credentials."
