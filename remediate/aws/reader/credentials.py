"""What the first reading leaves out because it costs a call each: one user's keys, one key's last use, one sign-in."""

from remediate.account import Account, Key, KeySlot
from remediate.aws.reader.part import Part
from remediate.aws.resources import RESOURCES
from remediate.aws.session import Session
from remediate.model import Address, at, kind_of, pair_of


def read_credentials(aws: Session, account: Account, asked: Address) -> Part:
    """The answer to one ask: `iam.access_key/alice`, `iam.access_key/alice/AKIA…` or `iam.login_profile/alice`.

    Raises CallFailed.
    """
    user, key = pair_of(asked)
    if kind_of(asked) == "iam.login_profile":
        answer = aws.read("iam", "get_user", UserName=user)["User"]
        password = RESOURCES[kind_of(asked)].read(aws, asked)
        return Part(sign_ins={user: answer.get("PasswordLastUsed")}, state={asked: password.get(asked)})
    if not key:
        return _keys(aws, account, user)
    return _last_used(aws, account, user, key)


def _keys(aws: Session, account: Account, user: str) -> Part:
    found = [item for page in aws.pages("iam", "list_access_keys", UserName=user) for item in page["AccessKeyMetadata"]]
    keys = []
    for item in found:
        slot = _slot(account.users[user].keys, item["CreateDate"])
        keys.append(
            Key(
                id=item["AccessKeyId"],
                user=user,
                active=item["Status"] == "Active",
                created=item["CreateDate"],
                last_used=slot.last_used if slot else None,
            )
        )
    state = {at("iam.access_key", user, item["AccessKeyId"]): item["Status"] for item in found}
    return Part(keys={user: tuple(keys)}, state=state)


def _slot(slots: tuple[KeySlot, ...], created: object) -> KeySlot | None:
    """The report's row of a key, which it shows without an id: found by the moment of creation, if only one fits."""
    fitting = [slot for slot in slots if slot.created == created]
    return fitting[0] if len(fitting) == 1 else None


def _last_used(aws: Session, account: Account, user: str, key_id: str) -> Part:
    used = aws.read("iam", "get_access_key_last_used", AccessKeyId=key_id)["AccessKeyLastUsed"]
    keys = []
    for key in account.keys[user]:
        if key.id != key_id:
            keys.append(key)
            continue
        keys.append(
            Key(
                id=key.id,
                user=user,
                active=key.active,
                created=key.created,
                last_used=used.get("LastUsedDate"),
                service=used.get("ServiceName", "").replace("N/A", ""),
                region=used.get("Region", "").replace("N/A", ""),
                asked=True,
            )
        )
    return Part(keys={user: tuple(keys)})
