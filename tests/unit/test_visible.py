from __future__ import annotations

import pytest

from opsharden.visible import quoted


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
