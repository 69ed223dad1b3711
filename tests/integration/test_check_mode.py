"""A dry run changes nothing, and names what a real one then does: on hosts as new, for every control there is."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from opsharden import lab as labs
from opsharden.catalogue import load_catalogue
from opsharden.lab import Lab, LabSpec
from tests.conftest import Project, ready

PROFILES = [word for name in load_catalogue().profiles for word in ("--profile", name)]
STATE = Path(__file__).with_name("state.py").read_text(encoding="utf-8")
NOT_FORESEEN = {"time", "monitoring", "backup"}
"""Roles whose later tasks work with what the earlier ones install: a dry run cannot see what is not there yet."""

State = dict[str, str]


@pytest.fixture(scope="module")
def new(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A host of each release and a hub, on which nobody has done anything yet."""
    spec = LabSpec(id=f"check{os.getpid()}", hub=True, directory=tmp_path_factory.mktemp("lab"))
    with labs.up(spec) as here:
        yield here


@pytest.fixture(scope="module")
def fleet(new: Lab, tmp_path_factory: pytest.TempPathFactory) -> Project:
    return ready(new, tmp_path_factory.mktemp("project"))


def states(fleet: Project) -> dict[str, State]:
    with ThreadPoolExecutor(2) as pool:
        names = [*fleet.names, "hub"]
        texts = pool.map(lambda host: fleet.exec(host, f"python3 - <<'END'\n{STATE}\nEND"), names)
        return {name: json.loads(text) for name, text in zip(names, texts, strict=True)}


def changed(fleet: Project, *words: str) -> list[dict[str, Any]]:
    done = fleet.run("apply", *words, *PROFILES, "-o", "json:r.json")
    record = json.loads((fleet.path / "r.json").read_text(encoding="utf-8"))
    failed = [change for change in record["changes"] if change["status"] != "changed"]
    assert failed == [], done.stderr
    return [change for change in record["changes"] if change["role"]]


def sentences(message: str) -> set[str]:
    return set(message.rstrip(".").split(". "))


def test_a_dry_run_changes_nothing_and_names_what_a_real_one_does(fleet: Project) -> None:
    before = states(fleet)
    foreseen = changed(fleet, "--check")
    after = states(fleet)
    for host, state in before.items():
        moved = {name for name in {*state, *after[host]} if state.get(name) != after[host].get(name)}
        assert moved == set(), f"a dry run changed {host}"
    done = changed(fleet)
    said = {(each["host"], each["role"], each["task"]): each["message"] for each in foreseen}
    surprises = [each for each in done if (each["host"], each["role"], each["task"]) not in said]
    assert [each for each in surprises if each["role"] not in NOT_FORESEEN] == []
    unsaid = {
        sentence
        for each in done
        if each["role"] not in NOT_FORESEEN
        for sentence in sentences(each["message"]) - sentences(said[each["host"], each["role"], each["task"]])
    }
    # Which packages come along is known only with the package lists, which a host as new does not have.
    assert {sentence for sentence in unsaid if not sentence.startswith("Installed ")} == set()
