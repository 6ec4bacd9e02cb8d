"""EC2 instances use roles, not keys.

Every instance that is pending, running, stopping or stopped, in every enabled region, has an instance profile:
without one, whoever needs AWS on it brings an access key along. One role without permissions is made, with an
instance profile of the same name, and each instance that has none is given it. What the instance needs can then be
given to a role of its own, and the keys on it can go.

An instance that has a profile keeps it, whatever its role may do. A role or profile that has the playbook's name
already is used only if it gives no permissions and trusts EC2 alone; otherwise choose another name. An instance of an
Auto Scaling group is given the profile too, but the group will start its successor without one: its launch template
has to name one, which is a step for a person. An instance that ends before the plan is applied fails its own change
and no other.

A region that cannot be read is unknown, and the others are still judged. Rollback takes the profile from exactly
those instances, and deletes profile and role.
"""

from collections.abc import Iterator, Mapping
from shlex import quote

from remediate.account import Account
from remediate.controls import own_role
from remediate.controls.base import Control
from remediate.controls.own_role import RoleName
from remediate.model import Address, Fault, Manual, Struct, Value, Want, at, pair_of
from remediate.playbook.scope import Scope

SERVICE: Mapping[str, str] = {"aws-cn": "ec2.amazonaws.com.cn"}
"""EC2 has its own name in China; elsewhere it is ec2.amazonaws.com."""


class Settings(Struct, frozen=True, kw_only=True):
    name: RoleName = "EC2-no-permissions"
    """Of the role without permissions, and of its instance profile."""


def asks(account: Account, settings: Settings, _scope: Scope) -> Iterator[Address]:
    yield from (at("ec2.instance", region) for region in account.regions)
    if any(_bare(account)):
        yield at("iam.instance_profile", settings.name)


def check(account: Account, settings: Settings, _scope: Scope) -> Iterator[Fault]:
    account.known("regions")
    bare = list(_bare(account))  # a region that could not be read shows none
    if not bare:
        return
    account.known("iam.role", at("iam.instance_profile", settings.name))
    wants, taken = _profile(account, settings.name), _taken(account, settings.name)
    groups: set[tuple[str, Value]] = set()
    for region, instance, facts in bare:
        group = facts.get("auto_scaling_group")
        address = at("ec2.profile_association", region, instance)
        manual = _choose(address, settings.name, taken) if taken else None
        if group and (region, group) not in groups:
            manual = manual or _launch_template(address, region, str(group))
        groups.add((region, group))
        yield Fault(
            address=address,
            severity="medium",
            summary=f"{facts.get('name') or instance} in {region} has no instance profile",
            evidence=facts,
            wants=() if taken else (*wants, _association(account, address, settings.name)),
            manual=manual,
        )


def _bare(account: Account) -> Iterator[tuple[str, str, Mapping[str, Value]]]:
    """Region, id and facts of each instance without a profile."""
    for address, facts in account.facts_of("ec2.instance"):
        if isinstance(facts, Mapping) and not facts.get("profile"):
            yield (*pair_of(address), facts)


def _trust(account: Account) -> Value:
    return own_role.trust([{"Service": SERVICE.get(account.partition, "ec2.amazonaws.com")}])


def _taken(account: Account, name: str) -> str:
    """Why the role and profile of that name must not be handed out; empty if they may, or are not there yet."""
    gives = [*account.under("iam.role_policy", name), *account.under("iam.role_inline", name)]
    others = [role for role in account.under("iam.instance_profile_role", name) if role != name]
    alike = [p for p in account.names("iam.instance_profile") if p != name and p.lower() == name.lower()]
    if gives:
        return f"the role {name} gives permissions: {gives[0]}"
    if alike:
        return f"the instance profile {alike[0]} differs in case only"
    if others:
        return f"the instance profile {name} holds the role {others[0]}"
    return own_role.conflict(account, name, _trust(account))


def _profile(account: Account, name: str) -> tuple[Want, ...]:
    why = "an instance profile whose role gives no permissions, for instances that have none"
    profile = at("iam.instance_profile", name)
    return (
        own_role.want(account, name, _trust(account), why),
        Want(address=profile, after=account.value(profile) or {"path": "/"}, why=why, risk="additive"),
        Want(address=at("iam.instance_profile_role", name, name), after="member", why=why, risk="additive"),
    )


def _association(account: Account, address: Address, name: str) -> Want:
    live = account.value(at("iam.instance_profile", name))
    path = live["path"] if isinstance(live, Mapping) else "/"
    return Want(
        address=address,
        after=f"arn:{account.partition}:iam::{account.id}:instance-profile{path}{name}",
        why="what runs there can be given a role's permissions, and needs no access key",
        risk="additive",
    )


def _choose(address: Address, name: str, taken: str) -> Manual:
    return Manual(
        address=address,
        summary=f"{taken}, so it is given to no instance",
        steps=("Choose another name in the playbook: `instance-roles: {name: …}`.", f"Or make {name} give nothing."),
        check="The next plan makes a role of that name, or finds one without permissions that trusts EC2 alone.",
    )


def _launch_template(address: Address, region: str, group: str) -> Manual:
    """https://docs.aws.amazon.com/autoscaling/ec2/userguide/us-iam-role.html"""
    where = f"--region {region} --auto-scaling-group-names {quote(group)}"
    return Manual(
        address=address,
        summary=f"the Auto Scaling group {group} in {region} starts instances without an instance profile",
        steps=(
            f"See its launch template: aws autoscaling describe-auto-scaling-groups {where}",
            "Make a version of the template that names an instance profile, and have the group use it.",
        ),
        check="The next plan finds no instance of the group without a profile.",
    )


control = Control(
    id="instance-roles",
    title="EC2 instances use roles, not keys",
    guideline="G3",
    cis_7=("2.16",),
    cis_5=("1.17",),
    changes="an instance profile without permissions for instances that have none",
    kinds=("ec2.profile_association", "iam.instance_profile", "iam.instance_profile_role", "iam.role"),
    rollback="exact",
    settings=Settings,
    check=check,
    asks=asks,
    doc=__doc__,
)
