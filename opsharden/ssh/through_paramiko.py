"""Connections made by paramiko, in this process: an eighth of the cost of a client of its own."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from pathlib import Path
from threading import Event

import paramiko

from opsharden.errors import TransportBroken, Unreachable
from opsharden.model import Host
from opsharden.ssh.advice import LET_IN, OF_COMMAND
from opsharden.ssh.channel import CHUNK, Channel
from opsharden.ssh.connection import Connection
from opsharden.ssh.dial import reach
from opsharden.ssh.handshake import shake
from opsharden.ssh.hostkeys import HostKey
from opsharden.ssh.login import leave, login
from opsharden.ssh.posix import through_any_shell
from opsharden.ssh.route import Route
from opsharden.visible import quoted

_OPENING = 30.0
"""Seconds for a host that is logged in to already to open one more channel."""


def connect(host: Host, target: Route, files: Sequence[Path], timeout: float) -> Connection:
    """Log in to a host.

    Args:
        host: Which, and its login password, if it has one.
        target: How to get there and as whom.
        files: Files of pinned host keys.
        timeout: Seconds for each step on the way: connection, handshake, login.

    Raises:
        Unreachable: No connection, a host key that is unknown or has changed, or the login was refused.
    """
    with ExitStack() as way:
        sock = reach(host.name, target, files, timeout, way)
        with _by_command(target):
            transport = login(host.name, target, host.password, files, sock, timeout)
        return _Connection(transport, way.pop_all())


def show(host: Host, target: Route, files: Sequence[Path], kinds: Sequence[str], timeout: float) -> HostKey:
    """The key that a host shows, of the first of these kinds that it has. Logins happen at jump hosts only.

    Raises:
        Unreachable: No SSH server answers there, or a jump host refused.
    """
    with ExitStack() as way:
        sock = reach(host.name, target, files, timeout, way)
        with _by_command(target):
            transport, key = shake(host.name, sock, kinds, timeout)
        transport.close()
        return key


@contextmanager
def _by_command(target: Route) -> Iterator[None]:
    """Where a ProxyCommand makes the connection, that it ended is about the command."""
    try:
        yield
    except Unreachable as error:
        if target.command and error.advice == LET_IN:
            raise Unreachable(error.message, OF_COMMAND) from None
        raise


class _Connection(Connection):
    def __init__(self, transport: paramiko.Transport, way: ExitStack) -> None:
        self._transport = transport
        self._way = way

    def open_channel(self, command: str) -> Channel:
        try:
            channel = self._transport.open_session(timeout=_OPENING)
            with _ended_after(_OPENING, self._transport):
                channel.exec_command(through_any_shell(command))
        except (OSError, EOFError, paramiko.SSHException) as error:
            raise TransportBroken(f"The host did not start a command: {quoted(str(error))}.") from None
        return _Channel(channel)

    def close(self) -> None:
        leave(self._transport)
        self._way.close()


@contextmanager
def _ended_after(seconds: float, transport: paramiko.Transport) -> Iterator[None]:
    """Bound a step that paramiko itself waits for without end: what ends its wait is the end of the connection.

    Its thread calls back when nothing was written for so long; made to keep connections alive, it ends this one.
    """
    transport.packetizer.set_keepalive(seconds, partial(leave, transport))
    try:
        yield
    finally:
        transport.packetizer.set_keepalive(0, _nothing)


def _nothing() -> None:
    """What is called back for when there is nothing to bound."""


class _Bell(Event):
    """Rings when a buffer gets something or is closed. Two buffers share it: that one is empty does not silence it."""

    def clear(self) -> None:
        """Stay as it is: paramiko says that one of the buffers is empty."""

    def silence(self) -> None:
        """Wait for the next ring."""
        super().clear()


class _Channel:
    """See `Channel`."""

    def __init__(self, channel: paramiko.Channel) -> None:
        self._channel = channel
        self._bell = _Bell()
        channel.in_buffer.set_event(self._bell)
        channel.in_stderr_buffer.set_event(self._bell)

    def send(self, data: bytes, timeout: float) -> None:
        deadline, sent = time.monotonic() + timeout, 0
        with _ended_after(timeout, self._channel.get_transport()):
            while sent < len(data):
                left = deadline - time.monotonic()
                count = self._sent(data[sent : sent + CHUNK], left) if left > 0 else None
                if count is None:
                    raise TransportBroken("The connection was lost: the host does not answer.")
                if count == 0:
                    raise TransportBroken("The connection was lost: the command has ended.")
                sent += count

    def _sent(self, data: bytes, timeout: float) -> int | None:
        """How much of it the host took; None where it took nothing in time, 0 where it never will."""
        self._channel.settimeout(timeout)
        try:
            return self._channel.send(data)
        except TimeoutError:
            return None
        except (OSError, EOFError, paramiko.SSHException):
            return 0

    def receive(self, timeout: float) -> tuple[bytes, bytes] | None:
        deadline = time.monotonic() + timeout
        while True:
            # In this order: what comes after a look rings the bell, and before an end all has come.
            self._bell.silence()
            over = bool(self._channel.eof_received or self._channel.closed)
            out, err = self._waiting()
            if out or err or over:
                return out, err
            if not self._bell.wait(max(0.0, deadline - time.monotonic())):
                return None

    def _waiting(self) -> tuple[bytes, bytes]:
        channel = self._channel
        try:
            out = channel.recv(CHUNK) if channel.recv_ready() else b""
            err = channel.recv_stderr(CHUNK) if channel.recv_stderr_ready() else b""
        except (OSError, EOFError, paramiko.SSHException):
            return b"", b""
        return out, err

    def end_input(self) -> None:
        with suppress(OSError, EOFError, paramiko.SSHException):
            self._channel.shutdown_write()

    def status(self, timeout: float) -> int | None:
        if not self._channel.status_event.wait(timeout):
            raise TransportBroken("The host stopped answering.")
        status = self._channel.exit_status
        return None if status < 0 else status

    def close(self) -> None:
        self._channel.close()
