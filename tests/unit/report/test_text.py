from __future__ import annotations

from datetime import UTC, datetime

import pytest

from opsharden.report.text import counted, duration, moment, percent


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
