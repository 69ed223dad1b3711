from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from opsharden.errors import CatalogueError
from opsharden.model import Severity
from opsharden.settings import Settings
from opsharden.workflows.controls import Filters, listed, shown

CONTROLS = [
    {"id": "own-a", "title": "A", "why": "x", "severity": "low", "references": {"house": ["5.1.1"]}},
    {"id": "own-b", "title": "B", "why": "x", "severity": "high", "level": 1, "references": {"house": ["5.1.12"]}},
    {
        "id": "own-c",
        "title": "C",
        "why": "x",
        "severity": "high",
        "level": 2,
        "references": {"house": ["5.10", "X-1(2)"]},
        "kind": "sysctl",
        "want": {"net.ipv4.x": {"exactly": 1}},
    },
]


@pytest.fixture
def here(tmp_path: Path) -> Settings:
    """A project with a role and a profile of its own."""
    role = tmp_path / "roles" / "greeting"
    (role / "tasks").mkdir(parents=True)
    (role / "controls.yml").write_text(json.dumps(CONTROLS))
    (role / "proofs.yml").write_text(json.dumps({"own-a": {"break": "rm /etc/motd", "where": "hub"}}))
    (role / "cases.yml").write_text(json.dumps({"own-a": [{"case": "x", "verdict": "pass"}] * 2}))
    profile = {"name": "ours", "title": "Ours", "extends": ["backup"], "controls": ["own-b"]}
    (tmp_path / "profiles").mkdir()
    (tmp_path / "profiles" / "ours.yml").write_text(json.dumps(profile))
    return Settings(project=tmp_path, roles=(tmp_path / "roles",), profile_dirs=(tmp_path / "profiles",))


@pytest.mark.parametrize(
    ("filters", "ids"),
    [
        ({}, "own-a own-b own-c"),
        ({"severities": (Severity.HIGH,)}, "own-b own-c"),
        ({"severities": (Severity.HIGH, Severity.LOW)}, "own-a own-b own-c"),
        ({"levels": (0, 2)}, "own-a own-c"),
        ({"kinds": ("sysctl",)}, "own-c"),
        ({"severities": (Severity.HIGH,), "levels": (0,)}, ""),
        ({"profiles": ("ours",)}, "own-b"),
        ({"frameworks": ("house",)}, "own-a own-b own-c"),
        ({"frameworks": ("house:5.1.1",)}, "own-a"),
        ({"frameworks": ("house:5.1",)}, "own-a own-b"),
        ({"frameworks": ("house:5",)}, "own-a own-b own-c"),
        ({"frameworks": ("house:X-1",)}, "own-c"),
        ({"frameworks": ("house:5.1.1", "house:5.10")}, "own-a own-c"),
    ],
)
def test_what_passes_every_filter_is_listed(here: Settings, filters: dict[str, Any], ids: str) -> None:
    found = listed(here, Filters(roles=("greeting",), **filters))
    assert " ".join(each.id for each in found) == ids


def test_without_filters_everything_is_listed(here: Settings) -> None:
    found = [each.id for each in listed(here, Filters())]
    assert {"ssh-no-root", "bkp-fresh", "own-a"} <= set(found)
    assert len(found) == len(set(found))


def test_a_profile_brings_what_it_extends(here: Settings) -> None:
    found = {each.role for each in listed(here, Filters(profiles=("ours",)))}
    assert found == {"backup", "greeting"}


@pytest.mark.parametrize(
    ("filters", "message", "advice"),
    [
        ({"roles": ("greetings",)}, "no role greetings", "Did you mean greeting?"),
        ({"kinds": ("sysctrl",)}, "no kind sysctrl", "Did you mean sysctl?"),
        ({"profiles": ("our",)}, "no profile our", "Did you mean ours?"),
        ({"frameworks": ("huose:5",)}, "no framework huose", "Did you mean house?"),
        ({"frameworks": ("zzz",)}, "no framework zzz", "Frameworks are: cis-debian-12-v1.1.0, cis"),
        ({"frameworks": ("house:5.1.2",)}, "no number 5.1.2 in house", "Did you mean 5.1.12?"),
        ({"frameworks": ("house:77",)}, "no number 77 in house", "`opsharden controls list --framework house` lists"),
        ({"frameworks": ("house", "hoouse")}, "no framework hoouse", "Did you mean house?"),
    ],
)
def test_a_filter_that_names_what_there_is_not_is_refused(
    here: Settings, filters: dict[str, Any], message: str, advice: str
) -> None:
    with pytest.raises(CatalogueError, match=message) as refused:
        listed(here, Filters(**filters))
    assert refused.value.advice.startswith(advice)


def test_one_is_shown_with_what_its_role_knows_of_it(here: Settings) -> None:
    found = shown(here, "own-a")
    assert found.control.title == "A"
    assert found.proof is not None
    assert (found.proof.break_, found.proof.where) == ("rm /etc/motd", "hub")
    assert (found.profiles, found.cases) == ((), 2)


def test_one_of_which_nothing_more_is_known_is_shown_too(here: Settings) -> None:
    found = shown(here, "own-b")
    assert (found.profiles, found.proof, found.cases) == (("ours",), None, 0)


def test_how_one_that_is_data_is_broken_is_known_from_its_kind(here: Settings) -> None:
    found = shown(here, "own-c")
    assert found.proof is not None
    assert "net.ipv4.x = 0" in found.proof.break_
    assert found.options == {}


def test_what_options_are_part_of_what_is_wanted_is_known_of_data_alone(here: Settings) -> None:
    assert shown(here, "ssh-grace").options == {"ssh_login_grace_seconds": 60}
    assert shown(here, "ssh-files").options is None


def test_one_that_is_not_there_is_refused_with_the_nearest(here: Settings) -> None:
    with pytest.raises(CatalogueError) as refused:
        shown(here, "ssh-no-rot")
    assert refused.value.advice == "Did you mean ssh-no-root?"
