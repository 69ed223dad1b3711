"""Our roles bring about on a host what its list says: tags alone hold for all hosts of a run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from opsharden.catalogue import load_catalogue

ROLES = {role.name: role for role in load_catalogue().roles.values()}
TO_COME = {"ssh", "sudo"}
"""Roles that do not heed the list yet."""


def steps(path: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = yaml.safe_load(path.read_text(encoding="utf-8")) or []
    return [inner for step in found for inner in (step, *step.get("block", ()))]


@pytest.mark.parametrize("name", sorted(set(ROLES) - TO_COME))
def test_what_is_selected_is_what_opsharden_says(name: str) -> None:
    text = str(ROLES[name].defaults[f"{name}_selected"])
    assert "opsharden_controls" in text
    assert "ansible_run_tags" in text, "and in plain Ansible what --tags names"


@pytest.mark.parametrize("name", sorted(ROLES))
def test_every_control_is_a_tag_of_its_role(name: str) -> None:
    tags = {tag for path in (ROLES[name].path / "tasks").glob("*.yml") for step in steps(path) for tag in _tags(step)}
    assert {control.id for control in ROLES[name].controls} <= tags


def _tags(step: dict[str, Any]) -> list[str]:
    tags = step.get("tags", [])
    return [tags] if isinstance(tags, str) else tags
