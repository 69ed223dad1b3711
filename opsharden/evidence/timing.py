"""When and how long, for all a host was asked in one run, packed small: the one thing that differs every time.

A row per observation and run would cost ten times as much and be most of the database.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from opsharden.model import Finding, Observation

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Timing:
    """The clock's part of a sheet, each entry in the sheet's order.

    Attributes:
        taken: When each observation was taken, and how many seconds its answer took.
        checked: How many seconds each finding took to make.
    """

    taken: tuple[tuple[datetime, float], ...]
    checked: tuple[float, ...]


def pack(observations: Sequence[Observation], findings: Sequence[Finding]) -> bytes:
    """To the microsecond: zlib over JSON `{"gaps": [...], "taken": [...], "checked": [...]}`.

    A gap is from the end of one observation to the start of the next (the first: from 1970), which is far smaller a
    number than a point in time.

    Raises:
        ValueError: An observation was taken at a time without zone.
    """
    gaps, taken = [], []
    ended = 0
    for seen in observations:
        if seen.taken_at.tzinfo is None:
            raise ValueError(f"{seen.taken_at.isoformat()} has no time zone")
        started = (seen.taken_at - _EPOCH) // _MICROSECOND
        gaps.append(started - ended)
        taken.append(_micro(seen.seconds))
        ended = started + taken[-1]
    checked = [_micro(finding.seconds) for finding in findings]
    text = json.dumps({"gaps": gaps, "taken": taken, "checked": checked}, separators=(",", ":"))
    return zlib.compress(text.encode(), 9)


def unpack(packed: bytes) -> Timing:
    """The inverse of `pack`.

    Raises:
        ValueError: It is not the work of `pack`.
    """
    try:
        numbers: dict[str, list[int]] = json.loads(zlib.decompress(packed))
    except zlib.error as error:
        raise ValueError(str(error)) from None
    taken = []
    clock = 0
    for gap, took in zip(numbers["gaps"], numbers["taken"], strict=True):
        clock += gap
        taken.append((_EPOCH + clock * _MICROSECOND, took / 1e6))
        clock += took
    return Timing(tuple(taken), tuple(took / 1e6 for took in numbers["checked"]))


def _micro(seconds: float) -> int:
    return round(seconds * 1e6)
