"""What a verb tells while at work: one stream of typed values, which a terminal, a page and a log can all read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable

    from opsharden import play
    from opsharden.workflows import scan


@dataclass(frozen=True, slots=True)
class Stage:
    """A new stretch of the work begins.

    Attributes:
        title: What it is, for people.
        hosts: Over how many.
        scans: Whether the result of each of them follows.
    """

    title: str
    hosts: int
    scans: bool = False


@dataclass(frozen=True, slots=True)
class Prepared:
    """A bootstrap is through with a host.

    Attributes:
        host: Inventory name.
        state: `ok`, `changed` or `failed`.
    """

    host: str
    state: str


# In quotes: a verify does not load Ansible's events, nor an apply what a scan needs, before it is time.
Event: TypeAlias = "Stage | Prepared | scan.ScanResult | play.PlayEvent"

Tell: TypeAlias = "Callable[[Event], None]"
"""Told of what happens, from one thread at a time. Nothing that is filed depends on it."""
