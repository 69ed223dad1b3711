"""Bytes to and from one command on a host, with deadlines."""

from __future__ import annotations

import time

from opsharden.errors import TransportBroken
from opsharden.ssh.channel import CHUNK, Channel
from opsharden.visible import quoted

_LIMIT = 16 << 20
_LINE = 1 << 16
_GRACE = 5.0
"""Seconds after a deadline in which what is there already is still taken: it may be us who are late."""


class Pipe:
    """What a command said so far, and ways to wait for more.

    Attributes:
        stdout: Bytes received and not yet taken.
        stderr: All the command said to stderr, up to a bound.
        ended: Whether the other side has ended.
        truncated: Whether `rest` had to cut what came.
    """

    def __init__(self, channel: Channel) -> None:
        self.stdout = b""
        self.stderr = b""
        self.ended = False
        self.truncated = False
        self._channel = channel

    def send(self, data: bytes, timeout: float) -> None:
        """Send all of it.

        Raises:
            TransportBroken: The other side is gone or does not take it in time.
        """
        self._channel.send(data, timeout)

    def more(self, deadline: float) -> bool:
        """Wait for anything new until the deadline (monotonic). False when there will be none in time."""
        left = deadline - time.monotonic()
        came = None if self.ended or left < -_GRACE else self._channel.receive(max(0.0, left))
        if came is None:
            return False
        out, err = came
        self.stdout += out
        self.stderr = (self.stderr + err)[-CHUNK:]
        self.ended = not (out or err)
        return not self.ended

    def keep(self, count: int) -> None:
        """Forget all but the last bytes of stdout: who waits for a mark in it need not hold what comes before."""
        self.stdout = self.stdout[-count:]

    def line(self, timeout: float) -> bytes:
        """The next line of stdout, without its end.

        Raises:
            TransportBroken: It did not come in time, or is longer than any that we wait for.
        """
        deadline = time.monotonic() + timeout
        while b"\n" not in self.stdout:
            if len(self.stdout) > _LINE:
                raise TransportBroken(f"What answers there is not ours: {quoted(self.stdout, 100)}.")
            self._need(deadline)
        line, self.stdout = self.stdout.split(b"\n", 1)
        return line

    def exactly(self, count: int, timeout: float) -> bytes:
        """The next `count` bytes of stdout."""
        deadline = time.monotonic() + timeout
        parts, have = [self.stdout], len(self.stdout)
        self.stdout = b""
        while have < count:
            self._need(deadline)
            parts.append(self.stdout)
            have += len(self.stdout)
            self.stdout = b""
        whole = b"".join(parts)
        self.stdout = whole[count:]
        return whole[:count]

    def rest(self, timeout: float) -> tuple[int, bytes]:
        """End the other side's stdin and take all it still says, up to 16 MiB.

        Returns:
            Its exit status and the rest of its stdout.

        Raises:
            TransportBroken: It did not end in time, or the connection was lost before it said how it ended.
        """
        deadline = time.monotonic() + timeout
        parts, have = list[bytes](), 0
        self._channel.end_input()
        while not self.ended:
            if not self.more(deadline) and not self.ended:
                raise TransportBroken("The host stopped answering.")
            part, self.stdout = self.stdout[: _LIMIT - have], self.stdout[_LIMIT - have :]
            parts.append(part)
            have += len(part)
            self.truncated = self.truncated or bool(self.stdout)
            self.stdout = b""
        # It may have closed its stdout and go on: that is no end.
        status = self.status(deadline)
        if status is None:
            raise TransportBroken("The connection was lost, or the command was killed, before it was done.")
        return status, b"".join(parts)

    def status(self, deadline: float) -> int | None:
        """How the other side ended; None where it was killed or the connection was lost.

        Raises:
            TransportBroken: It has not ended by the deadline (monotonic).
        """
        return self._channel.status(max(0.0, deadline - time.monotonic()))

    def _need(self, deadline: float) -> None:
        if self.more(deadline):
            return
        if self.ended:
            said = quoted(self.stderr[-200:])
            raise TransportBroken(f"The connection was lost in the middle{': ' + said if said else ''}.")
        raise TransportBroken("The host stopped answering.")
