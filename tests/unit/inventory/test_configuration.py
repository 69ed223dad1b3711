from __future__ import annotations

import re
from pathlib import Path

import pytest

from opsharden.inventory import ansible_api, configuration

PAGE = Path(__file__).parents[3] / "docs" / "ansible.md"
DEFINITIONS = ansible_api.constants.config.get_configuration_definitions()


def test_a_setting_that_is_made_and_not_heeded_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    assert list(configuration.not_honoured()) == []
    monkeypatch.setenv("ANSIBLE_REMOTE_USER", "bob")
    (text,) = configuration.not_honoured()
    assert "remote_user" in text
    assert "ansible_user" in text
    assert "bob" not in text


def test_the_page_names_what_is_not_heeded_and_what_to_set_instead() -> None:
    rows = PAGE.read_text(encoding="utf-8").partition("| not heeded |")[2].partition("\n\n")[0]
    for setting, variable in configuration.INSTEAD.items():
        name = DEFINITIONS[setting]["ini"][0]["key"]
        assert f"`{name}`" in rows, name
        assert f"`{variable}`" in rows, variable


def test_every_setting_on_the_page_is_one_of_ansibles() -> None:
    known = {entry["key"] for each in DEFINITIONS.values() for entry in each.get("ini") or ()}
    table = PAGE.read_text(encoding="utf-8").partition("| honoured |")[2].partition("\n\n")[0]
    named = set(re.findall(r"`([a-z0-9_]+)`", table))
    assert named
    assert named <= known, named - known
