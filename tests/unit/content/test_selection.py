"""Our roles bring about on a host what its list says: tags alone hold for all hosts of a run."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar, trust_as_template

from opsharden.catalogue import load_catalogue

ROLES = {role.name: role for role in load_catalogue().roles.values()}
WITH_TASKS = sorted(name for name, role in ROLES.items() if {each.id for each in role.controls} - role.as_data)
"""Roles with controls that are more than data. Of those that are, `data_controls` makes the choice."""
CHOICE = """{{{{ {role}_controls | intersect(opsharden_controls) if opsharden_controls is defined else
({role}_controls | intersect(ansible_run_tags) or {role}_controls) | difference(ansible_skip_tags) }}}}"""
"""By opsharden's list where there is one; else as --tags and --skip-tags say."""


def steps(path: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = yaml.safe_load(path.read_text(encoding="utf-8")) or []
    return [inner for step in found for inner in (step, *step.get("block", ()))]


@pytest.mark.parametrize("name", WITH_TASKS)
def test_what_is_selected_is_said_alike_in_every_role(name: str) -> None:
    said = str(ROLES[name].defaults[f"{name}_selected"])
    assert " ".join(said.split()) == " ".join(CHOICE.format(role=name).split())


@pytest.mark.parametrize(
    ("run", "chosen"),
    [
        ({"opsharden_controls": ["two", "another"], "ansible_run_tags": ["two", "another", "one"]}, ["two"]),
        ({"opsharden_controls": []}, []),
        ({"ansible_run_tags": ["one", "another"]}, ["one"]),
        ({"ansible_skip_tags": ["one"]}, ["two"]),
        ({"ansible_run_tags": ["one", "two"], "ansible_skip_tags": ["two"]}, ["one"]),
        ({}, ["one", "two"]),
    ],
)
def test_what_the_choice_comes_to(run: dict[str, list[str]], chosen: list[str]) -> None:
    plain = {"ansible_run_tags": ["all"], "ansible_skip_tags": [], "a_controls": ["one", "two"]}
    made = Templar(loader=DataLoader(), variables={**plain, **run}).template(trust_as_template(CHOICE.format(role="a")))
    assert sorted(made) == chosen


@pytest.mark.parametrize("name", WITH_TASKS)
def test_a_condition_holds_where_a_host_needs_nothing_of_the_role(name: str) -> None:
    """Ansible takes no list for a condition: hosts that need a role share a run with others that do not."""
    lists = rf"{name}_(?:selected|todo)"
    for path in (ROLES[name].path / "tasks").glob("*.yml"):
        for step in steps(path):
            said = step.get("when", [])
            for condition in [said] if isinstance(said, str) else said:
                assert not re.search(rf"(?<! in ){lists}(?! *\|)", condition), (path.name, condition)


@pytest.mark.parametrize("name", WITH_TASKS)
def test_every_control_is_a_tag_of_its_role(name: str) -> None:
    tags = {tag for path in (ROLES[name].path / "tasks").glob("*.yml") for step in steps(path) for tag in _tags(step)}
    assert {control.id for control in ROLES[name].controls} - ROLES[name].as_data - ROLES[name].left <= tags


def _tags(step: dict[str, Any]) -> list[str]:
    tags = step.get("tags", [])
    return [tags] if isinstance(tags, str) else tags
