"""Words and numbers as every format shows them."""

from __future__ import annotations

from datetime import datetime
from math import floor

NOTHING = "—"
"""Stands where there is no value."""


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
