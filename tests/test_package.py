"""The distribution: built as a wheel and installed in an empty environment, it works the same."""

import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    subprocess.run(build, check=True, capture_output=True)
    return next(folder.glob("remediate_aws-*.whl"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The command in an environment that has the base install and nothing else."""
    folder = tmp_path_factory.mktemp("empty")
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True, capture_output=True)
    _install(folder, str(wheel))
    return folder / "bin" / "remediate"


def _install(folder: Path, what: str) -> None:
    pip = [
        str(folder / "bin" / "python"),
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--no-compile",
    ]
    subprocess.run([*pip, "--constraint", str(ROOT / "requirements.txt"), what], check=True, capture_output=True)


def _clean(**more: str) -> dict[str, str]:
    """This environment without what points elsewhere."""
    return {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "PYTHON", "COVERAGE"))} | more


def _run(command: Path, *arguments: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    env = _clean(**environment)
    return subprocess.run([command, *arguments], cwd=cwd, env=env, capture_output=True, text=True, check=False)


def test_the_wheel_carries_what_it_needs(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {"remediate/py.typed", "remediate/playbooks/guidelines.yaml", "remediate/playbooks/cis-7.0.yaml"} <= names
    assert "remediate/playbooks/playbook.schema.json" in names
    assert "remediate/render/templates/plan.html.j2" in names
    assert not [n for n in names if n.startswith(("tests/", "plans/"))]


def test_the_base_install_works_and_says_what_the_sandbox_needs(installed: Path, tmp_path: Path) -> None:
    assert "password-policy" in _run(installed, "controls", cwd=tmp_path).stdout
    assert _run(installed, "init", "mine.yaml", cwd=tmp_path).returncode == 0
    missing = _run(installed, "demo", cwd=tmp_path)
    assert missing.returncode == 1
    assert "remediate-aws[sandbox]" in missing.stderr
    assert "Traceback" not in missing.stderr


def test_with_its_extra_the_sandbox_can_be_planned_and_shown_from_the_wheel(
    wheel: Path, installed: Path, tmp_path: Path
) -> None:
    """The playbook with a file beside it, the page's template, and the account made of moto's own files."""
    _install(installed.parents[1], f"{wheel}[sandbox]")
    with subprocess.Popen([installed, "sandbox"], stdout=subprocess.PIPE, text=True, env=_clean()) as server:
        assert server.stdout
        said: dict[str, str] = {}
        for line in server.stdout:
            if match := re.fullmatch(r"export (\w+)=(.*)\n", line):
                said[match[1]] = match[2]
            if line.startswith("# then"):
                break
        planned = _run(installed, "plan", "-p", "acme", "-o", "a.plan.json", cwd=tmp_path, **said)
        server.terminate()
    assert planned.returncode == 0, planned.stderr
    page = _run(installed, "show", "a.plan.json", "--format", "html", cwd=tmp_path)
    assert page.returncode == 0, page.stderr
    assert page.stdout.startswith("<!doctype html>")
