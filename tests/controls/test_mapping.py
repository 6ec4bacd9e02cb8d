"""Every guideline, and what the CIS benchmark says of identity, logs and alarms, has a control or a reason.

The numbers are those of the CIS Amazon Web Services Foundations Benchmark 7.0 and 5.0, and of AWS Security Hub:
https://docs.aws.amazon.com/securityhub/latest/userguide/cis-aws-foundations-benchmark.html
"""

from collections.abc import Iterable

import pytest

from remediate.controls import CONTROLS

GUIDELINES: dict[str, tuple[str, ...]] = {
    "G1": ("root-access-keys",),
    "G2": ("unused-credentials", "application-passwords", "key-rotation"),
    "G3": ("instance-roles",),
    "G4": ("mfa", "root-mfa"),
    "G5": ("federation", "directory"),
    "G6": ("password-policy",),
    "G7": ("cross-account-roles",),
    "G8": ("groups",),
    "G9": ("access-conditions",),
    "G10": ("least-privilege",),
    "G11": ("root-usage", "application-logins"),
    "G12": ("shared-credentials",),
    "G13": ("trail",),
    "G14": ("alarms", "billing-alerts"),
    "": (
        "access-analyzer",
        "support-role",
        "expired-certificates",
        "cloudshell-access",
        "security-contact",
        "central-root-access",
    ),
}
"""Each guideline with the controls that carry it out; those without a number go beyond the guidelines."""

CIS_7: dict[str, str] = {
    "2.1.1": "central-root-access",
    "2.3": "security-contact",
    "2.4": "root-access-keys",
    "2.5": "root-mfa",
    "2.6": "root-mfa",
    "2.7": "root-usage",
    "2.8": "password-policy",
    "2.9": "password-policy",
    "2.10": "mfa",
    "2.11": "unused-credentials",
    "2.12": "key-rotation",
    "2.13": "groups",
    "2.14": "least-privilege",
    "2.15": "support-role",
    "2.16": "instance-roles",
    "2.17": "expired-certificates",
    "2.18": "access-analyzer",
    "2.19": "federation",
    "2.20": "cloudshell-access",
    **dict.fromkeys(("4.1", "4.2", "4.4", "4.5"), "trail"),
    **{f"5.{n}": "alarms" for n in range(1, 16)},
}
NOT_COVERED_7 = {
    "2.1.2": "guardrails of an organization are its own design",
    "2.1.3": "what runs in the management account cannot be judged from IAM",
    "2.1.4": "how organizational units are cut is the organization's own design",
    "2.1.5": "a delegated administrator is the organization's own choice",
    "2.1.6": "a delegated administrator is the organization's own choice",
    "2.2": "AWS has no call that says whether contact details are current",
    "2.21": "policies of resources are outside IAM's guidelines",
    "4.3": "AWS Config is outside the guidelines",
    "4.6": "keys of other services are outside the guidelines; the trail's own key rotates",
    "4.7": "flow logs are outside the guidelines",
    "4.8": "events of S3 objects are outside the guidelines",
    "4.9": "events of S3 objects are outside the guidelines",
    "4.10": "logs of web front ends are outside the guidelines",
    "5.16": "Security Hub is outside the guidelines",
}
"""Recommendations of the sections on identity, logging and monitoring that no control claims."""

CIS_5: dict[str, str] = {
    "1.2": "security-contact",
    "1.3": "root-access-keys",
    "1.4": "root-mfa",
    "1.5": "root-mfa",
    "1.6": "root-usage",
    "1.7": "password-policy",
    "1.8": "password-policy",
    "1.9": "mfa",
    "1.10": "application-passwords",
    "1.11": "unused-credentials",
    "1.12": "unused-credentials",
    "1.13": "key-rotation",
    "1.14": "groups",
    "1.15": "least-privilege",
    "1.16": "support-role",
    "1.17": "instance-roles",
    "1.18": "expired-certificates",
    "1.19": "access-analyzer",
    "1.20": "federation",
    "1.21": "cloudshell-access",
    **dict.fromkeys(("3.1", "3.2", "3.4", "3.5"), "trail"),
    **{f"4.{n}": "alarms" for n in range(1, 16)},
}

SECURITY_HUB: dict[str, str] = {
    "IAM.1": "least-privilege",
    "IAM.2": "groups",
    "IAM.3": "key-rotation",
    "IAM.4": "root-access-keys",
    "IAM.5": "mfa",
    "IAM.6": "root-mfa",
    "IAM.7": "password-policy",
    "IAM.8": "unused-credentials",
    "IAM.9": "root-mfa",
    **{f"IAM.{n}": "password-policy" for n in range(10, 18)},
    "IAM.18": "support-role",
    "IAM.19": "mfa",
    "IAM.21": "least-privilege",
    "IAM.22": "unused-credentials",
    "IAM.26": "expired-certificates",
    "IAM.27": "cloudshell-access",
    "IAM.28": "access-analyzer",
    "Account.1": "security-contact",
    **{f"CloudTrail.{n}": "trail" for n in (1, 2, 4, 5, 6, 7)},
    **{f"CloudWatch.{n}": "alarms" for n in range(1, 15)},
}


@pytest.mark.parametrize("guideline", GUIDELINES)
def test_every_guideline_has_its_controls(guideline: str) -> None:
    named = {control.id for control in CONTROLS.values() if control.guideline == guideline}
    assert named == set(GUIDELINES[guideline])


def claimed(standard: str) -> dict[str, set[str]]:
    """The controls that claim each number of a standard."""
    found: dict[str, set[str]] = {}
    for control in CONTROLS.values():
        numbers: Iterable[str] = getattr(control, standard)
        for number in numbers:
            found.setdefault(number, set()).add(control.id)
    return found


@pytest.mark.parametrize(
    ("standard", "table"),
    [("cis_7", CIS_7), ("cis_5", CIS_5), ("security_hub", SECURITY_HUB)],
    ids=lambda x: str(x)[:12],
)
def test_every_number_is_claimed_by_its_control_and_no_other_number_is(standard: str, table: dict[str, str]) -> None:
    found = claimed(standard)
    assert found.keys() == table.keys()
    assert {number for number, control in table.items() if control not in found[number]} == set()


def test_what_is_not_covered_says_why() -> None:
    assert not NOT_COVERED_7.keys() & CIS_7.keys()
    sections = {"2.1": 6, "2": 21, "4": 10, "5": 16}
    whole = {f"{section}.{n}" for section, count in sections.items() for n in range(1, count + 1)} - {"2.1"}
    assert whole == CIS_7.keys() | NOT_COVERED_7.keys()


def test_a_plan_names_each_standard_with_its_version() -> None:
    assert CONTROLS["groups"].standards == ("CIS 7.0 2.13", "CIS 5.0 1.14", "IAM.2")
