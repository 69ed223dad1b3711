"""A Debian 13 host as control node, with its Python and the newest ansible-core: what holds here holds there."""

from __future__ import annotations

import platform
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from opsharden import lab as labs
from opsharden.lab import Lab, LabSpec

ROOT = Path(__file__).parents[2]
LOCK = ROOT / "requirements.lock"
INSTALL = """
cd /root/brought
mkdir checkout && tar --extract --file checkout.tar --directory checkout
python3 -m venv --without-pip env
pip="env/bin/python $(echo wheels/pip-*.whl)/pip install --quiet --no-index --no-compile"
$pip --find-links wheels --require-hashes -r checkout/requirements.lock
$pip --no-deps wheels/opsharden-*.whl
"""
LOOP = """
export PATH=/root/brought/env/bin:$PATH
opsharden init /root/ops && cd /root/ops
run() { opsharden "$@" -i inventory/hosts.yml -i /root/brought/lab/inventory; echo "$1: $?"; }
run bootstrap deb12-1 --password-file /root/brought/lab/password
run verify deb12-1
run apply deb12-1
run verify deb12-1
"""


@dataclass(frozen=True)
class ControlNode:
    """The host, and what is done there as root."""

    lab: Lab
    name: str

    def run(self, script: str) -> str:
        """What a script says there that works."""
        done = self.lab.exec(self.name, f"set -e\n{script}", timeout=800)
        assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-5000:]
        return done.stdout

    def bring(self, folder: Path) -> None:
        """Copy a folder to /root/brought."""
        there = f"{self.lab.host(self.name).container}:/root/brought"
        subprocess.run(["podman", "cp", f"{folder}/.", there], check=True, capture_output=True)


@pytest.fixture(scope="module")
def control_node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlNode]:
    """What the lock has for that Python, installed there from wheels, and opsharden's own."""
    folder = tmp_path_factory.mktemp("brought")
    with labs.up(LabSpec(id=f"control{folder.parent.name}", directory=folder / "lab")) as lab:
        node = ControlNode(lab, "deb13-1")
        version = node.run("python3 -c 'import platform; print(platform.python_version())'").strip()
        build = [
            sys.executable,
            "-m",
            "build",
            "--wheel",
            "--no-isolation",
            "--outdir",
            str(folder / "wheels"),
            str(ROOT),
        ]
        subprocess.run(build, check=True, capture_output=True)
        download(version, folder / "wheels")
        files = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True).stdout
        pack = ["tar", "--create", f"--file={folder}/checkout.tar", "--null", "--files-from=-"]
        subprocess.run(pack, cwd=ROOT, input=files, check=True)
        node.bring(folder)
        node.run(INSTALL)
        yield node


def download(version: str, folder: Path) -> None:
    """The wheels of the lock for another Python than ours; what a line is for, pip takes to be the one it runs on."""
    there = {"python_version": version.rpartition(".")[0], "python_full_version": version}
    lines = [line.rstrip(" \\") for line in LOCK.read_text().splitlines() if "==" in line]
    wanted = [need for need in map(Requirement, lines) if need.marker is None or need.marker.evaluate(there)]
    pins = [f"{need.name}{need.specifier}" for need in wanted]
    kinds = [f"--platform=manylinux_2_{glibc}_{platform.machine()}" for glibc in (17, 28, 34)]
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:", f"--dest={folder}"]
    subprocess.run([*pip, f"--python-version={version}", *kinds, "pip", *pins], check=True)


@pytest.mark.lab
def test_the_unit_tests_pass_there(control_node: ControlNode) -> None:
    node = control_node
    (newest,) = re.findall(r"^ansible-core==(\S+) ; python_full_version >=", LOCK.read_text(), flags=re.MULTILINE)
    assert node.run("/root/brought/env/bin/ansible --version").startswith(f"ansible [core {newest}]")
    here = "export PYTHONPATH=/root/brought/checkout PATH=/root/brought/env/bin:$PATH; cd $PYTHONPATH"
    said = node.run(f"{here}; pytest -q -p no:cacheprovider tests/unit")
    # Left out is what needs a program that so small a host does not have, or a right that no container has.
    assert re.match(r"\d{4,} passed(, \d skipped)? in ", said.splitlines()[-1]), said[-5000:]


@pytest.mark.lab
def test_the_whole_loop_works_from_there(control_node: ControlNode) -> None:
    said = control_node.run(f"set +e\n{LOOP}")
    assert [line for line in said.splitlines() if line.partition(": ")[0] in ("bootstrap", "verify", "apply")] == [
        "bootstrap: 0",
        "verify: 3",
        "apply: 0",
        "verify: 0",
    ]
