"""The one interface every way to a host has."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from opsharden.errors import TimedOut
from opsharden.model import Observation

OUTPUT_LIMIT = 4 * 1024 * 1024
"""Bytes kept of one command's stdout, and of its stderr; the rest is cut and the observation says so."""

Answer = Observation | TimedOut
"""What came of one command: what was observed, or that it took too long."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a host is waited for, in seconds.

    Attributes:
        connect: For each step of a connection: reaching it, agreeing on keys, logging in.
        command: For one command.
        host: For all that is done on one host.
    """

    connect: float
    command: float
    host: float


class Transport(Protocol):
    """An open way to ask one host.

    Attributes:
        host: Inventory name.
        is_root: Whether commands run as root there.
        platform: Release of the system, as in `debian 12`; empty where the host does not say.
    """

    host: str
    is_root: bool
    platform: str

    def exchange(self, commands: Sequence[str]) -> Iterator[tuple[str, Answer]]:
        """Send shell commands, all at once, and give each with its answer as the answers come, in any order.

        The next exchange may begin when this one has been read to its end.

        Raises:
            TransportBroken: The connection was lost, or the host answers nothing any more.
        """

    def close(self) -> None:
        """Leave the host; safe to call twice."""


def ask(transport: Transport, command: str) -> Observation:
    """One command and its answer.

    Raises:
        TimedOut: The command took too long.
        TransportBroken: The connection was lost, or the host answers nothing any more.
    """
    ((_, answer),) = transport.exchange([command])
    if isinstance(answer, TimedOut):
        raise answer
    return answer
