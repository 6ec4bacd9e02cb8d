"""Identity providers and directories in a playbook: what is wrong is refused at its line, before any call."""

import os
import subprocess
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest
from support.cli import REMEDIATE
from support.saml import certificate, metadata

from remediate.controls import CONTROLS, SETTINGS, federation
from remediate.controls.base import Moment
from remediate.errors import BadInput
from remediate.playbook import Playbook
from remediate.playbook.load import load

NOW = datetime(2026, 6, 1, tzinfo=UTC)
FILES = {
    "okta.xml": metadata(),
    "ended.xml": metadata(certificate(NOW)),
    "bomb.xml": '<!DOCTYPE lolz [<!ENTITY a "ha">]>' + metadata(),
    "page.xml": "<html>" + " " * 1000 + "</html>",
}
ROLE = "{name: readers, policies: [ReadOnlyAccess]}"


def read(folder: Path, text: str) -> Playbook:
    for name, content in FILES.items():
        (folder / name).write_text(content, encoding="utf-8")
    path = folder / "mine.yaml"
    path.write_text(text, encoding="utf-8")
    return load(str(path), SETTINGS, lambda control, found: CONTROLS[control].refuses(found, Moment(now=NOW)))


def saml(metadata: str = "okta.xml", roles: str = ROLE, more: str = "") -> str:
    return (
        "controls:\n  federation:\n    saml:\n      - name: Okta\n"
        f"        metadata: {metadata}\n        roles:\n          - {roles}\n{more}"
    )


def oidc(
    url: str = "https://token.actions.githubusercontent.com", subjects: str = '["repo:acme/*"]', more: str = ""
) -> str:
    return (
        f'controls:\n  federation:\n    oidc:\n      - url: "{url}"\n        audiences: [sts.amazonaws.com]\n{more}'
        "        roles:\n          - name: deploy\n            policies: [ReadOnlyAccess]\n"
        f"            subjects: {subjects}\n"
    )


SIMPLE: Mapping[str, str] = {
    "type": "simple-ad",
    "name": "corp.example.com",
    "region": "eu-west-1",
    "vpc": "vpc-0a1b2c3d",
    "subnets": "[subnet-0a1b2c3d, subnet-1a1b2c3d]",
}


def directory(*more: str, **change: str) -> str:
    """One directory, a setting a line, from line 4 on."""
    lines = [f"{key}: {value}" for key, value in {**SIMPLE, **change}.items() if value] + list(more)
    return "controls:\n  directory:\n    directories:\n      - " + "\n        ".join(lines) + "\n"


def test_what_is_right_is_taken(tmp_path: Path) -> None:
    found = read(tmp_path, saml()).controls["federation"]
    assert isinstance(found, federation.Settings)
    assert found.saml[0].metadata.text == FILES["okta.xml"]
    for subject in ("repo:acme/app:ref:refs/heads/main", "repo:acme/*", "repo:acme@12/app@34:*", "organization:acme:*"):
        read(tmp_path, oidc(subjects=f'["{subject}"]'))
    for url in (
        "https://gitlab.example.com",
        "https://oidc.eks.eu-west-1.amazonaws.com/id/A1",
        "https://acme.auth0.com/",
    ):
        read(tmp_path, oidc(url, '["team-*"]'))

    kinds = (
        directory("size: Large"),
        directory("edition: Enterprise", "trusts: [{domain: a.example.com, dns: [10.0.0.1]}]", type="microsoft-ad"),
        directory("dns: [10.0.0.1]", "user: svc-aws", type="ad-connector"),
    )
    for text in kinds:
        assert read(tmp_path, text).controls.keys() == {"directory"}


PLACE = "mine.yaml:4: controls.federation.oidc[0].url:"
SUBJECT = "mine.yaml:9: controls.federation.oidc[0].roles[0].subjects[0]:"
METADATA = "mine.yaml:5: controls.federation.saml[0].metadata:"
REFUSED: Mapping[str, tuple[str, str]] = {
    "a file that is not there": (saml("other.xml"), f"{METADATA} the file"),
    "a page": (saml("page.xml"), f"{METADATA} page.xml cannot be used: it is not SAML metadata"),
    "an entity bomb": (saml("bomb.xml"), f"{METADATA} bomb.xml cannot be used: it has a document type"),
    "metadata that has ended": (saml("ended.xml"), f"{METADATA} ended.xml cannot be used: it ended on 2026-06-01"),
    "a name with a blank": (saml().replace("Okta", "My Okta"), "mine.yaml:4: controls.federation.saml[0].name"),
    "a role without policies": (
        saml(roles="{name: readers, policies: []}"), "mine.yaml:7: controls.federation.saml[0].roles[0].policies",
    ),
    "a day's session": (
        saml(roles="{name: r, policies: [p], max_session_hours: 24}"),
        "mine.yaml:7: controls.federation.saml[0].roles[0].max_session_hours: Expected int <= 12",
    ),
    "one provider twice": (
        saml(more="      - {name: okta, metadata: okta.xml}\n"),
        "mine.yaml:8: controls.federation.saml[1].name: okta stands here twice",
    ),
    "one role twice": (
        saml(more="          - {name: Readers, policies: [ReadOnlyAccess]}\n"),
        "mine.yaml:8: controls.federation.saml[0].roles[1].name: Readers stands here twice",
    ),
    "no https": (oidc("http://gitlab.com"), f"{PLACE} http://gitlab.com must begin with https://"),
    "no scheme": (oidc("gitlab.com"), f"{PLACE} gitlab.com must begin with https://"),
    "capitals": (oidc("https://GitLab.com"), f"{PLACE} https://GitLab.com must name a host in lower case"),
    "a port": (oidc("https://gitlab.com:8443"), f"{PLACE} https://gitlab.com:8443 must name a host"),
    "a user": (oidc("https://me@gitlab.com"), f"{PLACE} https://me@gitlab.com must name a host"),
    "no host": (oidc("https:///path"), f"{PLACE} https:///path must name a host"),
    "a query": (oidc("https://gitlab.com?x=1"), f"{PLACE} https://gitlab.com?x=1 must have neither a query"),
    "a fragment": (oidc("https://gitlab.com/#x"), f"{PLACE} https://gitlab.com/#x must have neither"),
    "no address": (oidc("https://[gitlab"), f"{PLACE} https://[gitlab is no address"),
    "a thumbprint that is none": (
        oidc(more="        thumbprints: [AA]\n"), "mine.yaml:6: controls.federation.oidc[0].thumbprints[0]",
    ),
    "no audience": (oidc().replace("[sts.amazonaws.com]", "[]"), "mine.yaml:5: controls.federation.oidc[0].audiences"),
    "no subjects": (oidc(subjects="[]"), "mine.yaml:9: controls.federation.oidc[0].roles[0].subjects"),
    "no word of subjects": (
        oidc().replace("            subjects: [\"repo:acme/*\"]\n", ""),
        "mine.yaml:7: controls.federation.oidc[0].roles[0]: Object missing required field subjects",
    ),
    "everybody": (oidc(subjects='["*"]'), f"{SUBJECT} * fits everybody's tokens"),
    "everybody, in other words": (oidc("https://idp.example", '["?*:*"]'), f"{SUBJECT} ?*:* fits everybody's"),
    "everybody's repositories": (oidc(subjects='["repo:*"]'), f"{SUBJECT} repo:* fits tokens of other organizations"),
    "whoever is called like us": (oidc(subjects='["repo:acme*"]'), f"{SUBJECT} repo:acme* fits tokens of other"),
    "anybody's main branch": (oidc(subjects='["repo:*:ref:refs/heads/main"]'), f"{SUBJECT} repo:*:ref"),
    "the same at GitLab": (oidc("https://gitlab.com", '["project_path:*/app:*"]'), f"{SUBJECT} project_path:*/app:*"),
    "a directory without its subnets": (
        directory(subnets=""), "mine.yaml:4: controls.directory.directories[0]: Object missing required field subnets",
    ),
    "one subnet": (
        directory(subnets="[subnet-0a1b2c3d]"),
        "mine.yaml:8: controls.directory.directories[0].subnets: Expected array of length >= 2",
    ),
    "one subnet twice": (
        directory(subnets="[subnet-0a1b2c3d, subnet-0a1b2c3d]"),
        "mine.yaml:4: controls.directory.directories[0]: subnets are two different ones",
    ),
    "a subnet that is none": (
        directory(subnets="[subnet-0a1b2c3d, subnet-x]"), "mine.yaml:8: controls.directory.directories[0].subnets[1]",
    ),
    "a network that is none": (directory(vpc="main"), "mine.yaml:7: controls.directory.directories[0].vpc"),
    "a region that is none": (directory(region="Ireland"), "mine.yaml:6: controls.directory.directories[0].region"),
    "a type that is none": (directory(type="openldap"), "mine.yaml:4: controls.directory.directories[0].type"),
    "a name in capitals": (directory(name="CORP.example.com"), "mine.yaml:5: controls.directory.directories[0].name"),
    "a name without a dot": (directory(name="corp"), "mine.yaml:5: controls.directory.directories[0].name"),
    "a name with a line after it": (
        directory(name='"corp.example.com\\n"'), "mine.yaml:5: controls.directory.directories[0].name",
    ),
    "an edition of a Simple AD": (
        directory("edition: Standard"), "directories[0]: edition is no setting of a directory of type simple-ad",
    ),
    "a size of a Microsoft AD": (
        directory("size: Small", type="microsoft-ad"), "size is no setting of a directory of type microsoft-ad",
    ),
    "trusts of a Simple AD": (
        directory("trusts: [{domain: a.example.com, dns: [10.0.0.1]}]"), "trusts is no setting of a directory of type",
    ),
    "a connector to nowhere": (directory("user: svc", type="ad-connector"), "an AD Connector needs dns and user"),
    "a name server that is none": (
        directory("dns: [10.0.0.256]", "user: svc", type="ad-connector"), "directories[0].dns[0]",
    ),
    "a trust without name servers": (
        directory("trusts: [{domain: a.example.com}]", type="microsoft-ad"), "missing required field dns",
    ),
    "one domain twice": (
        directory(
            "trusts: [{domain: a.example.com, dns: [10.0.0.1]}, {domain: a.example.com, dns: [10.0.0.2]}]",
            type="microsoft-ad",
        ),
        "trusts name a domain twice",
    ),
    "a password in the playbook": (directory("password: x"), "mine.yaml:9: controls.directory.directories[0].password"),
    "two passwords in one place": (
        directory() + directory(name="corp-example.com").partition("directories:\n")[2],
        "directories[1].name: corp-example.com stands here twice, or reads like another one",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("text", "message"), REFUSED.values(), ids=REFUSED)
def test_what_is_wrong_is_refused_at_its_line(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(BadInput) as caught:
        read(tmp_path, text)
    assert message in str(caught.value)


def test_the_command_refuses_it_before_any_call(tmp_path: Path) -> None:
    for name, content in FILES.items():
        (tmp_path / name).write_text(content, encoding="utf-8")
    (tmp_path / "mine.yaml").write_text(saml("bomb.xml"), encoding="utf-8")
    clean = {k: v for k, v in os.environ.items() if not k.startswith("AWS_")}
    nowhere = {**clean, "AWS_EC2_METADATA_DISABLED": "true", "HOME": str(tmp_path)}
    done = subprocess.run(
        [REMEDIATE, "plan", "-p", "mine.yaml"], cwd=tmp_path, env=nowhere, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "mine.yaml:5" in done.stderr and "it has a document type" in done.stderr
    assert "credentials" not in done.stderr.lower()
