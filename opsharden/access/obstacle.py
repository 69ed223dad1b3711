"""What keeps an account out of a host."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Obstacle:
    """One thing that keeps the automation account out, or would once it is made.

    Attributes:
        what: What it is, to go on from the host's name and "would not let … in: ".
        advice: What the administrator can do, one sentence without its full stop.
    """

    what: str
    advice: str
