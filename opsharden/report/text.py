"""Words and numbers as every format shows them, and text from hosts made harmless."""

from __future__ import annotations

import re
from datetime import datetime
from math import floor

NOTHING = "—"
"""Stands where there is no value."""

_INVISIBLE = re.compile(
    "["
    "\x00-\x08\x0b-\x1f\x7f-\x9f"  # control characters other than tab and newline: ESC starts terminal commands
    "\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"  # zero width, bidirectional overrides
    "\ud800-\udfff\ufffe\uffff"  # surrogates and non-characters: not allowed in XML and UTF-8
    "\U000e0000-\U000e007f"  # tags: text nobody sees
    "]"
)


def visible(text: str) -> str:
    r"""Show what would otherwise act: a host must not steer the terminal or the reading order.

    Args:
        text: Anything, as it came from a host.

    Returns:
        The text with control, zero-width and bidirectional characters written as `\x1b` or `\u202e`;
        tab and newline stay. Always valid in XML 1.0 and UTF-8.
    """
    return _INVISIBLE.sub(_escape, text)


def visible_bytes(data: bytes) -> str:
    r"""Read raw output as UTF-8 and make it harmless; bytes that are not UTF-8 are written as `\xff`."""
    return visible(data.decode("utf-8", "backslashreplace"))


def counted(number: int, noun: str) -> str:
    """`1 host`, `3 hosts`, `12,000 findings`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def percent(ratio: float | None) -> str:
    """`87.4 %`, rounded down: 100 % is only said where nothing is missing. A dash where there is no ratio."""
    return NOTHING if ratio is None else f"{floor(ratio * 1000 + 1e-9) / 10:.1f} %".replace(".0 %", " %")


def duration(seconds: float) -> str:
    """`340 ms`, `48.2 s`, `3 min 20 s`, `2 h 5 min`."""
    if round(seconds, 3) < 1:
        return f"{seconds * 1000:.0f} ms"
    if round(seconds, 1) < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min"


def moment(when: datetime | None) -> str:
    """`2026-11-24 14:30:55 UTC`; a dash where there is no time."""
    return NOTHING if when is None else f"{when:%Y-%m-%d %H:%M:%S} UTC"


def _escape(found: re.Match[str]) -> str:
    return found[0].encode("unicode_escape", "surrogatepass").decode("ascii")
