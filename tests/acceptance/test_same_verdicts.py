"""Plain pytest-testinfra, a cold verify, a warm one and a replay come to the same verdicts, whatever the state."""

from __future__ import annotations

import contextlib
import json
import random
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import yaml

from opsharden import lab as labs
from opsharden.catalogue import load_catalogue, roles_path
from opsharden.errors import Unresolved
from opsharden.lab import LabSpec
from opsharden.probe.judging.checks import collect
from opsharden.settings import load
from opsharden.workflows.workplace import Access, open_workplace
from tests.conftest import Project, ready

CATALOGUE = load_catalogue()
PROOFS = {control: proof for role in CATALOGUE.roles.values() for control, proof in role.proofs.items()}
BREAKS = 8


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """Hosts of its own, bootstrapped and nothing more."""
    spec = LabSpec(id=f"same{random.randrange(1 << 20)}", hub=True, directory=tmp_path_factory.mktemp("lab"))
    with labs.up(spec) as lab:
        yield ready(lab, tmp_path_factory.mktemp("project"))


def verdicts(text: str) -> dict[tuple[str, str], str]:
    return {(each["host"], each["control"]): each["verdict"] for each in json.loads(text)["findings"]}


def plainly(project: Project, folder: Path) -> dict[tuple[str, str], str]:
    """The verdicts of plain `pytest --hosts=...`, with the values of the inventory."""
    found: dict[tuple[str, str], str] = {}
    place = open_workplace(load(project.path), Access())
    wanted = place.wanted(project.names[0], None)
    roles = sorted({CATALOGUE.controls[control].role for control in wanted})
    folders = [folder for folder in CATALOGUE.check_folders if folder.parent.name in (*roles, "kinds")]
    checks = collect(folders, wants=CATALOGUE.wants)
    controls = {(check.folder.parent.name, check.item.name): check.control for check in checks}
    config = ssh_config(project, folder)
    for name in project.names:
        (folder / f"{name}.yml").write_text(yaml.safe_dump(rendered(place.values(name))))
        junit = folder / f"{name}.xml"
        done = subprocess.run(
            [
                *(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--hosts=paramiko://{name}"),
                *("--ssh-config", config, "--sudo", "--opsharden-values", folder / f"{name}.yml"),
                *(
                    "--junitxml",
                    junit,
                    "-o",
                    "junit_family=xunit1",
                    "--import-mode=importlib",
                    "--rootdir",
                    roles_path(),
                ),
                *folders,
            ],
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
        assert junit.exists(), done.stdout + done.stderr
        for case in ElementTree.parse(junit).iter("testcase"):
            test = case.attrib["name"]
            for where in (f"[paramiko://{name}]", f"paramiko://{name}-", f"-paramiko://{name}"):  # beside a parameter
                test = test.replace(where, "")
            control = controls[Path(case.attrib["file"]).parts[0], test]
            if control in wanted:  # kinds have the controls of all profiles
                found[name, control] = came_to(case)
    return found


def rendered(values: Mapping[str, Any]) -> dict[str, Any]:
    """What a check may read. What only Ansible can render is for tasks and templates."""
    found: dict[str, Any] = {}
    for name in (name for role in CATALOGUE.roles.values() for name in role.defaults):
        with contextlib.suppress(Unresolved):
            found[name] = json.loads(json.dumps(values[name], default=str))
    return found


def came_to(case: ElementTree.Element) -> str:
    if case.find("skipped") is not None:
        return "not_applicable"
    if (failure := case.find("failure")) is not None:
        text = failure.attrib.get("message", "") + (failure.text or "")
        return "fail" if "AssertionError" in text and "Unexpected exit code" not in text else "error"
    return "error" if case.find("error") is not None else "pass"


def ssh_config(project: Project, folder: Path) -> Path:
    """Hosts under their inventory names, as whoever uses plain pytest would have them."""
    path = folder / "ssh_config"
    blocks = [
        f"Host {host.name}\n  HostName {host.address}\n  User opsharden\n"
        f"  IdentityFile {project.path}/keys/automation\n"
        f"  UserKnownHostsFile {project.path}/known_hosts\n  StrictHostKeyChecking yes\n"
        for host in project.lab.hosts
    ]
    path.write_text("".join(blocks))
    return path


def all_agree(project: Project, folder: Path) -> dict[tuple[str, str], str]:
    """The verdicts, which all four ways come to."""
    shutil.rmtree(project.path / ".opsharden" / "learnt", ignore_errors=True)
    cold = verdicts(project.run("verify", "-o", "json", ",".join(project.names)).stdout)
    warm = verdicts(project.run("verify", "-o", "json", ",".join(project.names)).stdout)
    replayed = verdicts(project.run("verify", "--replay", "latest", "-o", "json").stdout)
    plain = plainly(project, folder)
    assert len(cold) > 80
    assert warm == cold
    assert replayed == cold
    assert plain == cold
    return cold


def test_hosts_as_new(fleet: Project, tmp_path: Path) -> None:
    found = Counter(all_agree(fleet, tmp_path).values())
    assert found["fail"] > 40
    assert found["pass"] > 5


def test_compliant_hosts(fleet: Project, tmp_path: Path) -> None:
    done = fleet.run("apply", "-o", "json")
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr
    assert set(all_agree(fleet, tmp_path).values()) <= {"pass", "not_applicable"}


@pytest.mark.parametrize("seed", [1, 3])
def test_hosts_with_something_broken(fleet: Project, tmp_path: Path, seed: int) -> None:
    looked_at = CATALOGUE.selected(["baseline-1", "monitoring", "backup"])
    own = {control: PROOFS[control] for control in looked_at if not PROOFS[control].where}
    broken = random.Random(seed).sample(sorted(own), BREAKS)
    for name in fleet.names:
        for control in broken:
            fleet.exec(name, f"asset={name}\nexport asset\nset -e\n{own[control].given}\n{own[control].break_}")
    found = all_agree(fleet, tmp_path)
    came = {found[name, control] for name in fleet.names for control in broken}
    # What one control's break takes away, another may need to look: then it is an error, and never a pass.
    assert "fail" in came <= {"fail", "error"}, broken
