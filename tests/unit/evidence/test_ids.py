from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone

import pytest

from opsharden.evidence import new_run_id


def test_a_run_id_is_its_time_in_utc_and_four_hex_digits() -> None:
    abroad = datetime(2026, 11, 24, 20, 0, 55, tzinfo=timezone(timedelta(hours=5, minutes=30)))
    assert re.fullmatch(r"20261124-143055-[0-9a-f]{4}", new_run_id(abroad))


def test_two_ids_of_one_second_differ_as_a_rule() -> None:
    now = datetime(2026, 11, 24, tzinfo=timezone(timedelta(0)))
    assert len({new_run_id(now) for _ in range(20)}) > 1


def test_a_time_without_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="no time zone"):
        new_run_id(datetime(2026, 11, 24))
