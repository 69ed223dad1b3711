"""Names for runs."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime


def new_run_id(now: datetime) -> str:
    """A name that sorts by time and can be read out over the phone: `20261124-143055-7f3a`, in UTC.

    Two runs of one second may draw the same one: `Store.begin` then draws again.

    Raises:
        ValueError: `now` has no time zone.
    """
    if now.tzinfo is None:
        raise ValueError(f"{now.isoformat()} has no time zone")
    return f"{now.astimezone(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"
