"""The content as a collection: plain Ansible brings hosts to the state with it, and a second run changes nothing."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from opsharden import lab as labs
from opsharden.lab import LabSpec
from tests.conftest import ready

ROOT = Path(__file__).parents[2]
TOOLS = Path(sys.executable).parent


@pytest.fixture
def newcomers(tmp_path: Path) -> Iterator[Any]:
    """A project over new hosts of its own: those of the session are to stay as they are."""
    (tmp_path / "project").mkdir()
    with labs.up(LabSpec(id=f"collection{os.getpid()}", hub=True, directory=tmp_path / "lab")) as lab:
        yield ready(lab, tmp_path / "project")


@pytest.fixture
def collections(tmp_path: Path) -> Path:
    """A folder with the collection, built and installed by ansible-galaxy."""
    env = {**os.environ, "PATH": f"{TOOLS}:{os.environ['PATH']}"}
    folder = tmp_path / "collections"
    subprocess.run([ROOT / ".ci/collection/install", folder], env=env, check=True, capture_output=True)
    return folder


@pytest.mark.lab
def test_plain_ansible_brings_hosts_to_the_state(newcomers: Any, collections: Path, tmp_path: Path) -> None:
    first = play(newcomers, collections, tmp_path)
    assert set(first) == {*newcomers.names, "hub"}
    assert all(first.values())
    assert set(play(newcomers, collections, tmp_path).values()) == {0}
    profiles = [word for name in ("baseline-1", "monitoring", "backup") for word in ("--profile", name)]
    proof = newcomers.run("verify", ":".join(newcomers.names), *profiles)
    assert proof.returncode == 0, proof.stdout + proof.stderr


def play(project: Any, collections: Path, home: Path) -> dict[str, int]:
    """Play the collection's playbook as somebody without opsharden: how many tasks changed each host."""
    pinned = f"-o UserKnownHostsFile={project.path}/known_hosts"
    env = {"PATH": os.environ["PATH"], "HOME": str(home), "LC_ALL": "C.UTF-8"}
    done = subprocess.run(
        [
            TOOLS / "ansible-playbook",
            "opsharden.content.site",
            f"--inventory={project.path}/inventory/hosts.yml",
            f"--inventory={project.lab.inventory}/hosts.yml",
            f"--private-key={project.path}/keys/automation",
            f"--ssh-common-args={pinned}",
        ],
        cwd=home,
        env={**env, "ANSIBLE_COLLECTIONS_PATH": str(collections), "ANSIBLE_PIPELINING": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-5000:]
    return {host: int(changed) for host, changed in re.findall(r"^(\S+) +: ok=.* changed=(\d+) ", done.stdout, re.M)}
