"""Connections to hosts: strict about host keys, clear about why one failed."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import paramiko

from opsharden.errors import TransportBroken
from opsharden.model import Host
from opsharden.ssh import hostkeys, keyfiles
from opsharden.ssh.handshake import shake
from opsharden.ssh.hostkeys import HostKey, Pinned
from opsharden.ssh.login import login
from opsharden.ssh.pipe import Pipe
from opsharden.ssh.route import route
from opsharden.ssh.way import reach

_OPENING = 30.0
"""Seconds for a host that is logged in to already to open one more channel."""


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


class Connection:
    """A logged-in connection to one host, and to the hosts on the way there. Use it as a context manager."""

    def __init__(self, transport: paramiko.Transport, way: ExitStack) -> None:
        self._transport = transport
        self._way = way

    def open_channel(self, command: str) -> paramiko.Channel:
        """Start a command and give its channel.

        Raises:
            TransportBroken: The connection is gone, or the host opens no more channels.
        """
        try:
            channel = self._transport.open_session(timeout=_OPENING)
            channel.exec_command(command)
        except (OSError, EOFError, paramiko.SSHException) as error:
            raise TransportBroken(f"The host did not start a command: {error}.") from None
        return channel

    def run(self, command: str, *, stdin: bytes = b"", timeout: float) -> CommandResult:
        """Run a command to its end.

        Args:
            command: For the login shell of the account.
            stdin: What it reads.
            timeout: Seconds it may take.

        Raises:
            TransportBroken: The connection was lost, or it did not end in time.
        """
        with closing(self.open_channel(command)) as channel:
            pipe = Pipe(channel)
            pipe.send(stdin, timeout)
            rc, stdout = pipe.rest(timeout)
            return CommandResult(rc, stdout, pipe.stderr, pipe.truncated)

    def close(self) -> None:
        """Leave the host, and those on the way; safe to call twice and from another thread."""
        self._transport.close()
        self._way.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def connect(host: Host, known_hosts: Sequence[Path], *, timeout: float) -> Connection:
    """Log in to a host.

    Args:
        host: Where to and as whom.
        known_hosts: Files of pinned host keys.
        timeout: Seconds for each step on the way: connection, handshake, login.

    Raises:
        Unreachable: No connection, a host key that is unknown or has changed, or the login was refused.
    """
    if host.key_file is not None:
        keyfiles.load(host.key_file)  # one that is named has to be there, and is not worth a journey if it is not
    target = route(host)
    files = (*target.known_hosts, *known_hosts)
    with ExitStack() as way:
        sock = reach(host.name, target, files, timeout, way)
        transport = login(host.name, target, host.password, files, sock, timeout)
        return Connection(transport, way.pop_all())


@dataclass(frozen=True, slots=True)
class Identity:
    """What a host shows of itself before anybody logs in.

    Attributes:
        name: What known_hosts files call it.
        shown: The key it shows; of a pinned type where it has one.
        pinned: The keys pinned for it.
    """

    name: str
    shown: HostKey
    pinned: tuple[Pinned, ...]


def identify(host: Host, known_hosts: Sequence[Path], *, timeout: float, fingerprint: str | None = None) -> Identity:
    """See which key a host shows, through all that is on the way to it. It proves nothing about who shows it.

    Args:
        host: Where to; logins happen at jump hosts only.
        known_hosts: Files of pinned host keys.
        timeout: Seconds for each step.
        fingerprint: Where given and nothing is pinned, all keys of the host are looked at until one has it.

    Raises:
        Unreachable: No SSH server answers there, or a jump host refused.
    """
    target = route(host)
    files = (*target.known_hosts, *known_hosts)
    pinned = hostkeys.known(files, target.name)

    def shown(kinds: Sequence[str]) -> HostKey:
        with ExitStack() as way:
            sock = reach(host.name, target, files, timeout, way)
            transport, key = shake(host.name, sock, kinds, timeout)
            transport.close()
            return key

    first = shown([entry.key.type for entry in pinned])
    if fingerprint and not pinned:
        for kind in ("", "ssh-rsa", "ecdsa-sha2-nistp256"):
            key = shown([kind]) if kind else first
            if key.fingerprint == fingerprint:
                return Identity(target.name, key, pinned)
    return Identity(target.name, first, pinned)
