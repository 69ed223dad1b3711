from __future__ import annotations

import sys
import unicodedata

import pytest

from opsharden.visible import quoted, visible, visible_bytes

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
    ("said", "shown"),
    [
        (b"no\r\nway.\n", "no way"),
        ("\x1b]0;owned\x07red", "\\x1b]0;owned\\x07red"),
        (b"caf\xe9", "caf\\xe9"),
        ("a\u202eb", "a\\u202eb"),
        ("", ""),
        ("x" * 400, "x" * 300 + "…"),
    ],
)
def test_what_is_quoted_is_one_harmless_line(said: str | bytes, shown: str) -> None:
    assert quoted(said) == shown


def test_however_much_was_said_a_quotation_is_short() -> None:
    assert len(quoted(b"\x1b" * 100_000_000)) == 301
