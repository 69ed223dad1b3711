from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone

import pytest

from opsharden.evidence.timing import Timing, pack, unpack
from opsharden.model import Finding, Observation

START = datetime(2026, 11, 24, 12, 0, 0, 1, tzinfo=UTC)


def test_times_come_back_to_the_microsecond(
    observation: Callable[..., Observation], finding: Callable[..., Finding]
) -> None:
    taken = ((START, 0.000001), (START + timedelta(days=2), 59.25), (START - timedelta(seconds=1), 0.0))
    observations = [observation(taken_at=at, seconds=seconds) for at, seconds in taken]
    packed = pack(observations, [finding(seconds=0.5), finding(seconds=0.0)])
    assert unpack(packed) == Timing(taken, (0.5, 0.0))


def test_times_come_back_in_utc(observation: Callable[..., Observation]) -> None:
    abroad = START.astimezone(timezone(timedelta(hours=5, minutes=30)))
    (taken_at, _), *_ = unpack(pack([observation(taken_at=abroad)], [])).taken
    assert taken_at == START
    assert taken_at.tzinfo is UTC


def test_a_time_without_zone_is_refused(observation: Callable[..., Observation]) -> None:
    with pytest.raises(ValueError, match="no time zone"):
        pack([observation(taken_at=START.replace(tzinfo=None))], [])


def test_nothing_packs_to_nothing() -> None:
    assert unpack(pack([], [])) == Timing((), ())
