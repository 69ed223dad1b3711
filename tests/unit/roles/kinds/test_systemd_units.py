"""What the module for units makes of what systemd says."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.roles.loading import module

UNITS = module("kinds", "systemd_units")
SAID = {
    "Id": "cron.service",
    "LoadState": "loaded",
    "ActiveState": "active",
    "SubState": "running",
    "UnitFileState": "enabled",
    "FragmentPath": "/usr/lib/systemd/system/cron.service",
    "SourcePath": "",
    "ConditionResult": "yes",
    "AssertResult": "yes",
    "ConditionTimestampMonotonic": "1",
    "WantedBy": "multi-user.target",
    "RequiredBy": "",
    "TriggeredBy": "",
}


def unit(**said: str) -> Any:
    return UNITS.Unit({**SAID, **said})


@pytest.mark.parametrize(
    ("said", "up", "starts"),
    [
        ({}, True, True),
        ({"ActiveState": "failed", "UnitFileState": "disabled", "WantedBy": ""}, False, False),
        ({"ActiveState": "activating", "UnitFileState": "enabled-runtime"}, False, False),
        ({"UnitFileState": "static", "WantedBy": "", "RequiredBy": "sysinit.target"}, True, True),
        ({"UnitFileState": "static", "WantedBy": "", "TriggeredBy": "cron.socket"}, True, True),
        ({"UnitFileState": "static", "WantedBy": ""}, True, False),
        ({"UnitFileState": "generated", "SubState": "exited"}, False, True),
        ({"UnitFileState": "generated", "WantedBy": "", "TriggeredBy": "cron.socket"}, True, False),
        ({"UnitFileState": "transient"}, True, False),
        ({"UnitFileState": "disabled", "WantedBy": "", "TriggeredBy": "cron.socket"}, True, False),
    ],
)
def test_what_runs_and_what_starts_with_the_host(said: dict[str, str], up: bool, starts: bool) -> None:
    assert (unit(**said).up, unit(**said).starts) == (up, starts)


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"LoadState": "masked", "UnitFileState": "masked", "FragmentPath": "/run/x"}, "/run/x masks"),
        ({"LoadState": "not-found", "UnitFileState": ""}, "cannot work with"),
        ({"UnitFileState": "bad"}, "cannot work with"),
        ({"UnitFileState": "transient"}, "has no file"),
        ({"UnitFileState": "static", "WantedBy": ""}, "[Install]"),
        ({"ActiveState": "inactive", "ConditionResult": "no"}, "A condition"),
        ({"ActiveState": "inactive", "AssertResult": "no"}, "A condition"),
    ],
)
def test_what_is_left_is_left_for_a_reason(said: dict[str, str], why: str) -> None:
    assert why in unit(**said).left()


@pytest.mark.parametrize(
    "said",
    [
        {"UnitFileState": "disabled", "WantedBy": ""},
        {"UnitFileState": "generated", "WantedBy": ""},
        {"UnitFileState": "linked", "WantedBy": ""},
        {"ActiveState": "inactive", "ConditionResult": "no", "ConditionTimestampMonotonic": "0"},
        {"ActiveState": "failed"},
        {"ConditionResult": "no"},
    ],
)
def test_what_can_be_tried_is(said: dict[str, str]) -> None:
    assert unit(**said).left() == ""
