"""The action that brings about controls that are data: which ones, and what several modules come to."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml

from opsharden.catalogue import roles_path
from opsharden.catalogue.kinds import KINDS
from tests.unit.roles.loading import module

IDS = ["a-one", "a-two"]


@pytest.fixture(scope="module")
def action() -> ModuleType:
    return module("kinds", "data_controls", folder="action_plugins")


@pytest.mark.parametrize(
    ("variables", "chosen"),
    [
        ({}, {"a-one", "a-two"}),
        ({"opsharden_controls": ["a-two", "b-one"], "ansible_run_tags": ["a-one", "always"]}, {"a-two"}),
        ({"opsharden_controls": []}, set()),
        ({"ansible_run_tags": ["all"]}, {"a-one", "a-two"}),
        ({"ansible_run_tags": ["b-one"]}, set()),
        ({"ansible_run_tags": ["a-one", "b-one"]}, {"a-one"}),
        ({"ansible_run_tags": ["all"], "ansible_skip_tags": ["a-one"]}, {"a-two"}),
    ],
)
def test_opsharden_says_which_or_else_the_tags_do(
    action: ModuleType, variables: dict[str, Any], chosen: set[str]
) -> None:
    assert action.chosen(IDS, variables) == chosen


def test_nothing_to_do_is_no_change(action: ModuleType) -> None:
    assert action.together([]) == {"changed": False}


def test_what_several_modules_say_is_said_once_each(action: ModuleType) -> None:
    parts = [
        {"changed": True, "diff": [{"before": "x"}], "opsharden_note": ["Changed x."], "left": []},
        {"changed": False, "diff": {"before": "y"}, "left": ["y is a link"], "warnings": ["y is a link"]},
    ]
    assert action.together(parts) == {
        "changed": True,
        "diff": [{"before": "x"}, {"before": "y"}],
        "opsharden_note": ["Changed x."],
        "left": ["y is a link"],
        "warnings": ["y is a link"],
    }


def test_one_that_fails_does_not_hide_what_another_changed(action: ModuleType) -> None:
    parts = [{"changed": True, "opsharden_note": ["Changed x."]}, {"failed": True, "msg": "No room."}]
    came = action.together(parts)
    assert (came["failed"], came["changed"], came["msg"], came["opsharden_note"]) == (
        True,
        True,
        "No room.",
        ["Changed x."],
    )


def test_every_kind_has_its_module(action: ModuleType) -> None:
    assert set(action.MODULES) == set(KINDS)
    for name in action.MODULES.values():
        assert (roles_path() / "kinds" / "library" / f"{name}.py").exists()


def test_purposes_of_all_roles_are_known(action: ModuleType, tmp_path: Path) -> None:
    role = tmp_path / "mine"
    role.mkdir()
    entry = {"id": "own-x", "kind": "package", "want": {"absent": {"games": ["nethack"]}}}
    (role / "controls.yml").write_text(yaml.safe_dump([entry]))
    assert {"games", "ftp", "telnet"} <= action.purposes([tmp_path])


@pytest.mark.parametrize(
    ("given", "names"),
    [("tftp", ["tftp"]), ("ftp, tftp", ["ftp", "tftp"]), ("", []), (["ftp"], ["ftp"]), ([], [])],
)
def test_names_may_stand_in_one_text(action: ModuleType, given: Any, names: list[str]) -> None:
    assert action.listed(given) == names


class Called:
    """What the action's modules answer, in place of hosts: the second want fails."""

    def __init__(self, unreachable: bool = False) -> None:
        self.wants: list[list[str]] = []
        self._unreachable = unreachable

    def __call__(self, kind: str, wants: list[str], variables: dict[str, Any]) -> list[dict[str, Any]]:
        self.wants.append(wants)
        if "second" in wants:
            lost = {"unreachable": True} if self._unreachable else {}
            return [{"changed": True, "opsharden_note": ["Half."], "failed": True, "msg": f"{wants} fail", **lost}]
        return [{"changed": True, "opsharden_note": [f"Changed {wants[0]}."]}]


def brought_about(action: ModuleType, called: Called, *wants: str) -> dict[str, Any]:
    module = object.__new__(action.ActionModule)
    module._called = called
    came: dict[str, Any] = action.together(module._of_kind("sysctl", list(wants), {}))
    return came


def test_where_they_fail_together_each_is_tried_by_itself(action: ModuleType) -> None:
    called = Called()
    came = brought_about(action, called, "first", "second", "third")
    assert called.wants == [["first", "second", "third"], ["first"], ["second"], ["third"]]
    assert (came["failed"], came["msg"]) == (True, "['second'] fail")
    assert came["opsharden_note"] == ["Half.", "Changed first.", "Half.", "Changed third."]


@pytest.mark.parametrize(
    ("wants", "unreachable"), [(["first", "third"], False), (["second"], False), (["first", "second"], True)]
)
def test_what_holds_is_alone_or_cannot_be_reached_is_tried_once(
    action: ModuleType, wants: list[str], unreachable: bool
) -> None:
    called = Called(unreachable)
    brought_about(action, called, *wants)
    assert called.wants == [wants]
