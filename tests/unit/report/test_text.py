from __future__ import annotations

import sys
import unicodedata
from datetime import UTC, datetime

import pytest

from opsharden.report.text import counted, duration, moment, percent, visible, visible_bytes

_BIDIRECTIONAL = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}


def test_everything_that_acts_becomes_visible() -> None:
    acting = [
        character
        for character in map(chr, range(sys.maxunicode + 1))
        if character not in "\t\n"
        and (
            unicodedata.category(character) in {"Cc", "Cs", "Zl", "Zp"}
            or unicodedata.bidirectional(character) in _BIDIRECTIONAL
        )
    ]
    assert len(acting) > 2000
    for character in acting:
        assert visible(character).isascii(), hex(ord(character))
        assert visible(character).isprintable(), hex(ord(character))


@pytest.mark.parametrize("text", ["plain", "grüße → ✔ 日本 🙂", "tab\tand\nnewline", "שלום"])
def test_ordinary_text_stays(text: str) -> None:
    assert visible(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[2J", "\\x1b[2J"),
        ("\x9b2J", "\\x9b2J"),
        ("a\u202eb", "a\\u202eb"),
        ("a\u200bb\ufeff", "a\\u200bb\\ufeff"),
        ("over\rwritten", "over\\rwritten"),
        ("\x00", "\\x00"),
        ("\ud800", "\\ud800"),
        ("\uffff", "\\uffff"),
        ("\U000e0041", "\\U000e0041"),
    ],
)
def test_what_it_becomes(text: str, shown: str) -> None:
    assert visible(text) == shown


def test_bytes_that_are_not_text() -> None:
    assert visible_bytes(b"ok \xff\xc3\xbc\x1b") == "ok \\xffü\\x1b"


@pytest.mark.parametrize(
    ("ratio", "shown"),
    [(None, "—"), (1.0, "100 %"), (0.99999, "99.9 %"), (0.0, "0 %"), (0.29, "29 %"), (2 / 3, "66.6 %")],
)
def test_percent_never_rounds_up(ratio: float | None, shown: str) -> None:
    assert percent(ratio) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(0.0123, "12 ms"), (48.2, "48.2 s"), (59.96, "1 min 0 s"), (200, "3 min 20 s"), (7500, "2 h 5 min")],
)
def test_duration(seconds: float, shown: str) -> None:
    assert duration(seconds) == shown


def test_counted_and_moment() -> None:
    assert [counted(1, "host"), counted(0, "host"), counted(12000, "finding")] == [
        "1 host",
        "0 hosts",
        "12,000 findings",
    ]
    assert moment(datetime(2026, 11, 24, 14, 30, 5, tzinfo=UTC)) == "2026-11-24 14:30:05 UTC"
    assert moment(None) == "—"
