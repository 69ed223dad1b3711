"""What the fixes read of systemd's files is what the checks read."""

from __future__ import annotations

import pytest

from opsharden.probe.reading import systemd
from tests.unit.roles.loading import module

opsharden_systemd = module("kinds", "opsharden_systemd", "module_utils")


@pytest.mark.parametrize(
    "value", ["", "-4 -u0", "-o 'A b' -q", "-u0 -o 'MaxAuthTries 9", "-o \"it's", "a b\\", "a\\\\", "'' \"", "a\tb\nc"]
)
def test_both_split_alike(value: str) -> None:
    assert opsharden_systemd.split(value) == systemd.split(value)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("A=1\n# B=2\n; C=3\n D = x y \nE=", {"A": "1", "D": "x y", "E": ""}),
        ("A=\"1 2\"\nB='3 4' five\n", {"A": "1 2", "B": "3 4"}),
        ("A=\"1\nB=2\nC='3", {"A": "1\nB=2\nC='3"}),
        ("A='1\nB=2' \nC=3", {"A": "1\nB=2", "C": "3"}),
        ('A="x \\"y\\" \\n"', {"A": 'x "y" \\n'}),
    ],
)
def test_a_value_in_quotes_goes_on_until_they_end(text: str, found: dict[str, str]) -> None:
    assert opsharden_systemd.assigned(text) == found
