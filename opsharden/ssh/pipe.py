"""Bytes to and from one SSH channel, with deadlines."""

from __future__ import annotations

import time
from contextlib import suppress

from paramiko import Channel, SSHException

from opsharden.errors import TransportBroken

_CHUNK = 1 << 16
_NAP = 0.05
_LIMIT = 16 << 20


class Pipe:
    """What a channel said so far, and ways to wait for more.

    Attributes:
        stdout: Bytes received and not yet taken.
        stderr: All the channel said to stderr, up to a bound.
        ended: Whether the other side has ended.
        truncated: Whether `rest` had to cut what came.
    """

    def __init__(self, channel: Channel) -> None:
        self.stdout = b""
        self.stderr = b""
        self.ended = False
        self.truncated = False
        self._channel = channel
        channel.settimeout(_NAP)

    def send(self, data: bytes, timeout: float) -> None:
        """Send all of it.

        Raises:
            TransportBroken: The other side is gone or does not take it in time.
        """
        self._channel.settimeout(timeout)
        try:
            self._channel.sendall(data)
        except (OSError, SSHException) as error:
            raise TransportBroken(f"The connection was lost: {str(error) or 'the host does not answer'}.") from None
        finally:
            self._channel.settimeout(_NAP)

    def more(self, deadline: float) -> bool:
        """Wait for anything new until the deadline (monotonic). False when there will be none in time."""
        while time.monotonic() < deadline:
            took = self._take()
            if took:
                return True
            if self.ended:
                return False
        return False

    def line(self, timeout: float) -> bytes:
        """The next line of stdout, without its end."""
        deadline = time.monotonic() + timeout
        while b"\n" not in self.stdout:
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
        # It may be gone already; what it said until then is still to be had.
        with suppress(OSError, EOFError, SSHException):
            self._channel.shutdown_write()
        while not self.ended:
            if not self.more(deadline) and not self.ended:
                raise TransportBroken("The host stopped answering.")
            part, self.stdout = self.stdout[: _LIMIT - have], self.stdout[_LIMIT - have :]
            parts.append(part)
            have += len(part)
            self.truncated = self.truncated or bool(self.stdout)
            self.stdout = b""
        # It may have closed its stdout and go on: that is no end.
        if not self._channel.status_event.wait(max(0.0, deadline - time.monotonic())):
            raise TransportBroken("The host stopped answering.")
        if self._channel.exit_status < 0:
            raise TransportBroken("The connection was lost, or the command was killed, before it was done.")
        return self._channel.exit_status, b"".join(parts)

    def _need(self, deadline: float) -> None:
        if self.more(deadline):
            return
        if self.ended:
            said = " ".join(self.stderr.decode(errors="replace").split())[-200:]
            raise TransportBroken(f"The connection was lost in the middle{': ' + said if said else ''}.")
        raise TransportBroken("The host stopped answering.")

    def _take(self) -> bool:
        took = False
        if self._channel.recv_stderr_ready():
            self.stderr = (self.stderr + self._channel.recv_stderr(_CHUNK))[-_CHUNK:]
            took = True
        try:
            data = self._channel.recv(_CHUNK)
        except TimeoutError:
            return took
        except (OSError, SSHException):
            data = b""
        if data:
            self.stdout += data
            return True
        # End of stdout: what is left on stderr says why.
        while self._channel.recv_stderr_ready():
            self.stderr = (self.stderr + self._channel.recv_stderr(_CHUNK))[-_CHUNK:]
            took = True
        self.ended = not took
        return took
