"""The one clock."""

from __future__ import annotations

from datetime import UTC, datetime


def utcnow() -> datetime:
    """Now, in UTC and aware of it: every time we keep is."""
    return datetime.now(UTC)
