"""What was compared, as people read it."""

from __future__ import annotations

import time
from collections import OrderedDict, namedtuple
from datetime import date
from enum import Enum
from pathlib import Path

import pytest

from opsharden.probe.judging.telling import LONGEST, told

Version = namedtuple("Version", "major minor")


class State(Enum):
    ON = "on"


class Odd:
    def __repr__(self) -> str:
        raise RuntimeError

    __str__ = __repr__
    __hash__ = None  # type: ignore[assignment]

    def __eq__(self, other: object) -> bool:
        raise RuntimeError


class Plain:
    """Equal to nothing; its repr holds an address."""


@pytest.mark.parametrize(
    ("operator", "left", "right", "observed", "expected"),
    [
        ("==", "sh", "bash", "sh", "bash"),
        ("==", "", "x", "empty", "x"),
        ("==", b"a\xff", b"b", "a\\xff", "b"),
        ("==", None, True, "nothing", "yes"),
        ("==", False, True, "no", "yes"),
        ("is", False, True, "no", "yes"),
        ("is not", None, None, "nothing", "anything but nothing"),
        ("==", 3, 4, "3", "4"),
        ("<", 7, 5, "7", "less than 5"),
        ("<=", 7, 5, "7", "at most 5"),
        (">", 1, 5, "1", "more than 5"),
        (">=", 1.5, 5, "1.5", "at least 5"),
        ("!=", "x", "x", "x", "anything but x"),
        ("in", "a", ["b", "c"], "a is not in:\nb\nc", "a in it"),
        ("in", "a", "bcd", "a is not in: bcd", "a in it"),
        ("not in", "a", {"a"}, "a is in: a", "a not in it"),
        # Collections, by what differs.
        ("==", ["bin", "daemon"], [], "bin\ndaemon", "none"),
        ("==", [], ["x"], "missing: x", "x"),
        ("==", ["a", "b"], ["b", "c"], "unexpected: a\nmissing: c", "b\nc"),
        ("==", {"b", "a"}, set(), "a\nb", "none"),
        ("==", ("b", "a"), ("a", "b"), "b\na", "a\nb"),
        ("==", ["a", "a"], ["a"], "unexpected: a", "a"),
        ("==", [["a", 1], ["b", None]], [], "a, 1\nb, nothing", "none"),
        ("==", [[[[[["deep"]]]]]], [], "['deep']", "none"),
        # Mappings, by what differs.
        ("==", {"mode": "644", "owner": "root"}, {"mode": "600", "owner": "root"}, "mode: 644", "mode: 600"),
        ("==", {"a": 1}, {}, "a: 1", "none"),
        ("==", {}, {"a": 1}, "a: not there", "a: 1"),
        ("==", {"a": {"b": [1, 2]}}, {"a": {"b": [1]}}, "a: b: unexpected: 2", "a: b: 1"),
        ("==", OrderedDict(x="1\n2"), {"x": "3"}, "x:\n  1\n  2", "x: 3"),
        (
            "==",
            {"/etc/motd": "one\ntwo\n"},
            {"/etc/motd": "one\n2\n"},
            "/etc/motd: line 2: two",
            "/etc/motd: line 2: 2",
        ),
        # Texts of several lines, by the lines that differ.
        ("==", "a\nb\nc\n", "a\nx\nc\n", "line 2: b", "line 2: x"),
        ("==", "a\nb\n", "a\n", "line 2: b", "nothing else"),
        # What reads the same and is not.
        ("==", "3", 3, "3 (text)", "3 (a number)"),
        ("==", {"a": "3"}, {"a": 3}, "a: 3 (text)", "a: 3 (a number)"),
        ("==", [1], ["1"], "[1]", "['1']"),
        ("==", ["a"], ("a",), "a (list)", "a (tuple)"),
        ("==", "yes", True, "yes (text)", "yes (yes or no)"),
        # Others say what they are.
        ("==", Path("/etc/x"), Path("/etc/y"), "/etc/x", "/etc/y"),
        ("==", date(2024, 1, 2), date(2024, 1, 3), "2024-01-02", "2024-01-03"),
        ("==", Version(1, 2), Version(1, 3), "unexpected: 2\nmissing: 3", "1\n3"),
        ("==", State.ON, "on", "State.ON", "on"),
        ("==", Odd(), 1, "<Odd>", "1"),
        ("==", Plain(), 1, "<test_telling.Plain object>", "1"),
    ],
)
def test_sides(operator: str, left: object, right: object, observed: str, expected: str) -> None:
    found = told(operator, left, right)
    assert tuple(side.replace(f"{__name__}.", "test_telling.") for side in found) == (observed, expected)


def test_modes_are_read_as_they_are_written() -> None:
    assert told("==", 0o644, 0o600, "host.file('/x').mode == 0o600") == ("0644", "0600")
    assert told("in", 0o644, (0o600, 0o640), "f.mode in (0o600, 0o640)")[0] == "0644 is not in:\n0600\n0640"


def test_it_is_never_more_than_a_page_and_takes_no_time() -> None:
    long = "x" * 50_000_000
    began = time.process_time()
    many = {f"key{number}": number for number in range(200_000)}
    pairs: list[tuple[object, object]] = [
        (long, "y"),
        ([long] * 5, []),
        (many, {}),
        ({"a": many}, {"a": {}}),
        ("a\n" * 100_000, "b\n" * 9),
        ("a\nb\n" * 99, "b\na\n" * 99),
    ]
    for left, right in pairs:
        for side in told("==", left, right):
            assert len(side) < LONGEST + 100
    assert time.process_time() - began < 5


def test_long_lists_are_cut_at_the_end_of_a_line() -> None:
    observed, _ = told("==", [f"account number {number}" + "x" * 30 for number in range(90)], [])
    *lines, last = observed.splitlines()
    assert all(line.endswith("x") for line in lines)
    assert last == f"… and {90 - len(lines)} more lines"
