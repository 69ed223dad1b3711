"""One command on a host as bytes in and out: what a pipe needs, whoever carries it."""

from __future__ import annotations

from typing import Protocol

CHUNK = 1 << 16
"""Bytes of stderr that are kept; also a good size to read and write at once."""


class Channel(Protocol):
    """A running command."""

    def send(self, data: bytes, timeout: float) -> None:
        """Send all of it to the command's stdin.

        Raises:
            TransportBroken: The other side is gone or does not take it in time.
        """

    def receive(self, timeout: float) -> tuple[bytes, bytes] | None:
        """What the command printed to stdout and to stderr meanwhile; waits for the first of it.

        Args:
            timeout: Seconds to wait.

        Returns:
            Bytes of each; both empty when there will never be more; None where nothing came in time.
        """

    def end_input(self) -> None:
        """End the command's stdin; it may be gone already."""

    def status(self, timeout: float) -> int | None:
        """How the command ended; None where it was killed or the connection was lost.

        Raises:
            TransportBroken: It has not ended in time.
        """

    def close(self) -> None:
        """Leave the command; safe to call twice and from another thread."""
