"""The proof cycle: every control, broken on live hosts, is detected, fixed, and left alone by a second apply.

What apply leaves to the administrator is broken, detected, left, and right when they did what the finding says.
"""

from __future__ import annotations

import json
import shlex
from itertools import product, zip_longest
from typing import Any

import pytest

from opsharden.catalogue import load_catalogue
from opsharden.catalogue.schema import ProofEntry

CATALOGUE = load_catalogue()
PROOFS = {control: proof for role in CATALOGUE.roles.values() for control, proof in role.proofs.items()}
ROUNDS = [
    tuple(control for control in column if control)
    for column in zip_longest(*(list(role.proofs) for role in CATALOGUE.roles.values()))
]
"""The controls of all roles side by side: the first of each, the second of each, ..."""


PROFILES = [word for name in CATALOGUE.profiles for word in ("--profile", name)]
"""All of them: hosts of the lab declare only those that everybody's are to have."""

TRACES = "find /home/opsharden /root /tmp -maxdepth 1 -name '*ansible*'"
"""What Ansible may have left behind on a host."""


@pytest.fixture(scope="module")
def hardened(project: Any) -> Any:
    """The project with everything applied once, on hosts without traces of what other tests ran (or killed) there."""
    for host in project.names:
        project.exec(host, f"{TRACES} -exec rm -rf {{}} +")
    done = project.run("apply", "-o", "json")
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr
    return project


def verdicts(text: str) -> dict[tuple[str, str], str]:
    return {(finding["host"], finding["control"]): finding["verdict"] for finding in json.loads(text)["findings"]}


def on_host(project: Any, host: str, proof: ProofEntry, script: str) -> None:
    """Run a script of a proof where it is to run, with the host's name in $asset."""
    where = "hub" if proof.where else host
    project.exec(where, f"asset={shlex.quote(host)}\nexport asset\nset -e\n{script}")


@pytest.mark.parametrize("controls", ROUNDS, ids=",".join)
def test_broken_detected_fixed_unchanged(hardened: Any, controls: tuple[str, ...]) -> None:
    """One control of each role at a time: of a role, only the tasks that are tagged with this one control run."""
    for script in ("given", "break_"):  # what makes one control applicable may put another right: so that comes first
        for host, control in product(hardened.names, controls):
            if text := getattr(PROOFS[control], script):
                on_host(hardened, host, PROOFS[control], text)
    chosen = [",".join(hardened.names), *PROFILES, *(word for each in controls for word in ("--control", each))]
    both = list(product(hardened.names, controls))

    broken = hardened.run("verify", *chosen, "-o", "json")
    assert verdicts(broken.stdout) == dict.fromkeys(both, "fail"), broken.stdout + broken.stderr
    assert broken.returncode == 3
    for finding in json.loads(broken.stdout)["findings"]:
        assert finding["observations"], "a verdict stands on observations"

    fixed = hardened.run("apply", *chosen, "-o", "json")
    left = [control for control in controls if PROOFS[control].mend]
    came = {(host, control): "fail" if control in left else "pass" for host, control in both}
    assert verdicts(fixed.stdout) == came, fixed.stdout[-3000:] + fixed.stderr
    assert fixed.returncode == (3 if left else 0)
    for host, control in product(hardened.names, left):
        on_host(hardened, host, PROOFS[control], PROOFS[control].mend)

    again = hardened.run("apply", "--all", *chosen, "-o", "json")
    assert again.returncode == 0, again.stderr
    assert json.loads(again.stdout)["changes"] == [], again.stdout[-3000:]
    assert verdicts(again.stdout) == dict.fromkeys(both, "pass"), again.stdout[-3000:]


def test_one_apply_brings_the_whole_baseline_back_and_a_second_one_changes_nothing(hardened: Any) -> None:
    """What the proofs left lying about (drop-ins that anybody can read) is put in order, and no fix undoes another."""
    done = hardened.run("apply", "-o", "json")
    assert done.returncode == 0, done.stdout[-5000:]
    again = hardened.run("apply", "--all", "-o", "json")
    assert again.returncode == 0, again.stderr
    assert json.loads(again.stdout)["changes"] == []


def test_nothing_of_ansibles_own_stays_on_the_hosts(hardened: Any) -> None:
    for host in hardened.names:
        left = hardened.exec(host, TRACES)
        assert left == "", "other scanners would count it as ours"


def test_a_fleet_in_order_costs_one_look_and_no_ansible_run(hardened: Any) -> None:
    done = hardened.run("apply", "-o", "json")
    assert done.returncode == 0, done.stderr
    assert "Applying" not in done.stderr
    assert json.loads(done.stdout)["changes"] == []
