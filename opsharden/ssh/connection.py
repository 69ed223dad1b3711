"""A logged-in connection to a host, whoever made it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from contextlib import closing, suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from opsharden.errors import TransportBroken
from opsharden.ssh.channel import Channel
from opsharden.ssh.pipe import Pipe


@dataclass(frozen=True, slots=True)
class CommandResult:
    """What one command came to.

    Attributes:
        rc: Its exit status.
        stdout: What it printed.
        stderr: The end of what it printed to stderr.
        truncated: Whether stdout was cut because it was too large.
    """

    rc: int
    stdout: bytes
    stderr: bytes
    truncated: bool = False


class Connection(ABC):
    """A logged-in connection to one host, and to the hosts on the way there. Use it as a context manager."""

    @abstractmethod
    def open_channel(self, command: str) -> Channel:
        """Start a command for a POSIX shell and give its channel.

        Raises:
            TransportBroken: The connection is gone, or the host opens no more channels.
        """

    @abstractmethod
    def close(self) -> None:
        """Leave the host, and those on the way; safe to call twice and from another thread."""

    def run(self, command: str, *, stdin: bytes = b"", timeout: float) -> CommandResult:
        """Run a command to its end.

        Args:
            command: For a POSIX shell.
            stdin: What it reads.
            timeout: Seconds it may take.

        Raises:
            TransportBroken: The connection was lost, or it did not end in time.
        """
        with closing(self.open_channel(command)) as channel:
            pipe = Pipe(channel)
            # A command may end without reading all of it: what it said then, and how it ended, is the answer.
            with suppress(TransportBroken):
                pipe.send(stdin, timeout)
            rc, stdout = pipe.rest(timeout)
            return CommandResult(rc, stdout, pipe.stderr, pipe.truncated)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
