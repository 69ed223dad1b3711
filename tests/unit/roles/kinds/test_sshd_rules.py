"""What is stricter, by the rules of the fix."""

from __future__ import annotations

import pytest

from tests.unit.roles.loading import module

RULES = module("kinds", "opsharden_sshd_rules", "module_utils")


@pytest.mark.parametrize(
    ("now", "line"),
    [("10:30:100", "MaxStartups 10:30:60"), ("5:20:200", "MaxStartups 5:30:60"), ("3:90:50", "MaxStartups 3:90:50")],
)
def test_of_several_parts_each_stays_where_it_is_stricter(now: str, line: str) -> None:
    rule = RULES.Setting("MaxStartups", "startups", "10:30:60")
    assert rule.line({"maxstartups": [now]}, None) == line


@pytest.mark.parametrize("level", ["SILENT", "QUIET", "FATAL", "ERROR", "INFO"])
def test_every_level_as_sshd_calls_it_is_known(level: str) -> None:
    assert level in RULES.LEVELS
