"""The proof cycle: every control, broken on live hosts, is detected, fixed, and left alone by a second apply."""

from __future__ import annotations

import json
import shlex
from collections import Counter
from typing import Any

import pytest

from opsharden.catalogue import load_catalogue
from opsharden.catalogue.schema import ProofEntry

CATALOGUE = load_catalogue()
PROOFS = {control: proof for role in CATALOGUE.roles.values() for control, proof in role.proofs.items()}


@pytest.fixture(scope="module")
def hardened(project: Any) -> Any:
    """The project with everything applied once."""
    done = project.run("apply", "-o", "json")
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr
    return project


def verdicts(text: str) -> dict[str, str]:
    return {finding["host"]: finding["verdict"] for finding in json.loads(text)["findings"]}


def on_host(project: Any, host: str, proof: ProofEntry, script: str) -> None:
    """Run a script of a proof where it is to run, with the host's name in $asset."""
    where = "hub" if proof.where else host
    project.exec(where, f"asset={shlex.quote(host)}\nexport asset\nset -e\n{script}")


@pytest.mark.parametrize("control", list(PROOFS))
def test_broken_detected_fixed_unchanged(hardened: Any, control: str) -> None:
    proof = PROOFS[control]
    for host in hardened.names:
        if proof.given:
            on_host(hardened, host, proof, proof.given)
        on_host(hardened, host, proof, proof.break_)

    broken = hardened.run("verify", "--control", control, "-o", "json")
    assert verdicts(broken.stdout) == dict.fromkeys(hardened.names, "fail"), broken.stdout + broken.stderr
    assert broken.returncode == 3
    for finding in json.loads(broken.stdout)["findings"]:
        assert finding["observations"], "a verdict stands on observations"

    fixed = hardened.run("apply", "--control", control, "-o", "json")
    assert verdicts(fixed.stdout) == dict.fromkeys(hardened.names, "pass"), fixed.stdout[-3000:] + fixed.stderr
    assert fixed.returncode == 0

    again = hardened.run("apply", "--all", "--control", control, "-o", "json")
    assert again.returncode == 0, again.stderr
    assert Counter(change["status"] for change in json.loads(again.stdout)["changes"]) == Counter(), again.stdout[
        -3000:
    ]


def test_one_apply_brings_the_whole_baseline_back_and_a_second_one_changes_nothing(hardened: Any) -> None:
    """What the proofs left lying about (drop-ins that anybody can read) is put in order, and no fix undoes another."""
    done = hardened.run("apply", "-o", "json")
    assert done.returncode == 0, done.stdout[-5000:]
    again = hardened.run("apply", "--all", "-o", "json")
    assert again.returncode == 0, again.stderr
    assert json.loads(again.stdout)["changes"] == []


def test_a_fleet_in_order_costs_one_look_and_no_ansible_run(hardened: Any) -> None:
    done = hardened.run("apply", "-o", "json")
    assert done.returncode == 0, done.stderr
    assert "Applying" not in done.stderr
    assert json.loads(done.stdout)["changes"] == []
