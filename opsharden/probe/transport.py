"""The one interface every way to a host has."""

from __future__ import annotations

from typing import Protocol

from opsharden.model import Observation

OUTPUT_LIMIT = 4 * 1024 * 1024
"""Bytes kept of one command's stdout, and of its stderr; the rest is cut and the observation says so."""


class Transport(Protocol):
    """An open way to run commands on one host.

    Attributes:
        host: Inventory name.
        is_root: Whether commands run as root there.
    """

    host: str
    is_root: bool

    def run(self, command: str) -> Observation:
        """Run one shell command and observe it.

        Raises:
            TransportBroken: The connection was lost, or the command did not answer in time.
        """

    def close(self) -> None:
        """Leave the host; safe to call twice."""
