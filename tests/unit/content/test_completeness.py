"""Every control has its fix, its check and its proof; what is missing is named."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from opsharden.catalogue import KINDS_ROLE, load_catalogue
from opsharden.probe.judging.checks import collect
from opsharden.workflows.batches import role_order

CATALOGUE = load_catalogue()
ROLES = [role for role in CATALOGUE.roles.values() if role.controls]


def tags_in(tasks: Any) -> Iterator[str]:
    for task in tasks or ():
        tags = task.get("tags", [])
        yield from [tags] if isinstance(tags, str) else tags
        for inner in ("block", "rescue", "always"):
            yield from tags_in(task.get(inner))


@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.name)
def test_every_control_has_a_task_that_brings_it_about(role: Any) -> None:
    tagged = {
        tag for path in (role.path / "tasks").rglob("*.yml") for tag in tags_in(yaml.safe_load(path.read_text("utf-8")))
    }
    ours = {control.id for control in role.controls} - role.as_data - role.left
    assert ours - tagged == set(), "these controls have no task with their tag"


@pytest.mark.parametrize("role", [role for role in ROLES if role.as_data], ids=lambda role: role.name)
def test_what_is_data_is_brought_about_whatever_the_tags_are(role: Any) -> None:
    """The action itself makes the choice, so a new entry needs no new tag."""
    tasks = yaml.safe_load((role.path / "tasks" / "main.yml").read_text("utf-8"))
    (task,) = [task for task in tasks if "data_controls" in task]
    assert task["data_controls"] == {"role": "{{ role_path }}"}
    assert task["tags"] == ["always", "opsharden-data"]
    assert "role: kinds" in (role.path / "meta" / "main.yml").read_text("utf-8")


def test_every_control_has_a_check_in_its_role_or_its_kind() -> None:
    owners = {control.id: f"{control.role}/checks" for control in CATALOGUE.controls.values()}
    of_kinds = {each.id: f"checks/{each.kind}" for each in CATALOGUE.controls.values() if each.kind}
    found = {check.control: str(check.item.path) for check in collect(CATALOGUE.check_folders, wants=CATALOGUE.wants)}
    assert set(found) == set(owners)
    assert {control for control, place in {**owners, **of_kinds}.items() if place not in found[control]} == set()


@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.name)
def test_every_control_has_a_proof(role: Any) -> None:
    assert {control.id for control in role.controls} == set(role.proofs)


@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.name)
def test_every_value_is_described(role: Any) -> None:
    assert set(role.defaults) - set(role.options) == set(), "these defaults are not in meta/argument_specs.yml"


@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.name)
def test_no_option_makes_anything_on_the_control_node(role: Any) -> None:
    """Ansible reads all options of all roles when a play begins, whatever tags were chosen."""
    path = role.path / "defaults" / "main.yml"
    text = path.read_text("utf-8") if path.exists() else ""
    assert [word for word in ("builtin.password'", "lookup('password'", "builtin.pipe'") if word in text] == []


def test_keys_of_backups_are_not_read_as_inventories() -> None:
    """Plain Ansible takes every file in a folder of inventories for one, its words for hosts; not those with a dot."""
    assert "inventory_dir ~ '/.keys'" in CATALOGUE.roles["backup"].defaults["backup_key_dir"]


def test_every_control_is_in_a_profile() -> None:
    named = {control for profile in CATALOGUE.profiles.values() for control in profile.controls}
    assert set(CATALOGUE.controls) - named == set()


def test_every_control_has_a_reference_or_is_ours() -> None:
    """Level 1 and 2 are the benchmarks' levels: who claims one names its number."""
    without = [
        control.id
        for control in CATALOGUE.controls.values()
        if control.level and not any(name.startswith("cis-") for name in control.references)
    ]
    assert without == []


def test_reference_numbers_have_the_shape_of_their_catalogue() -> None:
    shapes = {"cis-": r"\d+(\.\d+)+", "nist-800-53r5": r"[A-Z]{2}-\d+(\(\d+\))?"}
    odd = [
        (control.id, number)
        for control in CATALOGUE.controls.values()
        for name, numbers in control.references.items()
        for prefix, shape in shapes.items()
        if name.startswith(prefix)
        for number in numbers
        if not re.fullmatch(shape, number)
    ]
    assert odd == []


def test_the_site_playbook_names_every_role_of_ours() -> None:
    assert set(role_order(CATALOGUE)) == {*CATALOGUE.roles, KINDS_ROLE}
    site = Path("playbooks/site.yml")
    (play,) = yaml.safe_load((Path(__file__).parents[3] / site).read_text("utf-8"))
    assert set(play["roles"]) == set(CATALOGUE.roles)


def test_every_role_of_ours_is_played_by_a_scenario_of_molecule() -> None:
    scenarios = (Path(__file__).parents[3] / "molecule").glob("*/converge.yml")
    named = [role for path in scenarios for play in yaml.safe_load(path.read_text("utf-8")) for role in play["roles"]]
    assert {role.removeprefix("opsharden.content.") for role in named} == set(CATALOGUE.roles)
