"""Molecule's scenarios: plain Ansible brings the roles about, twice without a change, and the same checks look."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.lab
@pytest.mark.parametrize(
    ("scenario", "hosts"),
    [("baseline", "--debian12 0 --debian13 1"), ("agents", "--debian12 1 --debian13 0 --hub")],
)
def test_scenario(scenario: str, hosts: str, tmp_path: Path) -> None:
    """One release each: `make molecule` takes both."""
    tools = Path(sys.executable).parent
    # What other tests of this process have told Ansible is not molecule's.
    shell = {name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")}
    env = {
        **shell,
        "PATH": f"{tools}:{os.environ['PATH']}",
        "OPSHARDEN_MOLECULE_LAB": hosts,
        "MOLECULE_EPHEMERAL_DIRECTORY": str(tmp_path),
    }
    command = [str(tools / "molecule"), "test", "--scenario-name", scenario]
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=800, check=False)
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-5000:]
