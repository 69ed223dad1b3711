"""The way to a host: a socket of ours, tunnels through jump hosts, or a ProxyCommand."""

from __future__ import annotations

import socket
import subprocess
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from itertools import pairwise
from pathlib import Path
from threading import BoundedSemaphore
from typing import Any

import paramiko

from opsharden.errors import Unreachable
from opsharden.ssh.advice import THROUGH, UP, of_jump
from opsharden.ssh.login import leave, login
from opsharden.ssh.route import Route
from opsharden.ssh.unsupported import Unsupported
from opsharden.visible import quoted

_PROHIBITED = 1
"""SSH_OPEN_ADMINISTRATIVELY_PROHIBITED of RFC 4254, 5.1."""

_AT_ONCE = 5
"""Logins under way at one jump host. From 10 on, an sshd as installed drops some (sshd_config(5), MaxStartups), and it
counts a login for a moment longer than we do. More at once would not be faster."""

_slots: dict[str, BoundedSemaphore] = defaultdict(lambda: BoundedSemaphore(_AT_ONCE))


def login_slot(name: str) -> BoundedSemaphore:
    """What to hold while a login at a jump host of that name is under way."""
    return _slots[name]


def reach(name: str, target: Route, files: Sequence[Path], timeout: float, way: ExitStack) -> Any:
    """Get to a host's SSH server.

    Args:
        name: The host's, for people.
        target: The host and how to get there.
        files: Files of pinned host keys, for the jump hosts.
        timeout: Seconds for each step.
        way: Holds what was opened on the way; closing it closes that.

    Returns:
        A socket, or what behaves like one, connected to the target.

    Raises:
        Unreachable: It could not be reached; the sentence says where the way ended.
    """
    if target.command:
        return _piped(name, target, way)
    if not target.jumps:
        return _dialled(name, target, timeout)
    sock: Any = None
    for hop, following in pairwise((*target.jumps, target)):
        called = f"the jump host {hop.address}"
        with login_slot(hop.name), _of_jump():
            # To its first sshd a way begins at a socket; from there on, at the tunnel of the hop before.
            begin = sock or _dialled(called, hop, timeout)
            transport = login(called, hop, None, files, begin, timeout)
        way.callback(leave, transport)
        sock = _tunnelled(hop, transport, following, timeout)
    return sock


@contextmanager
def _of_jump() -> Iterator[None]:
    try:
        yield
    except Unsupported:
        raise  # OpenSSH may know how
    except Unreachable as error:
        raise of_jump(error.message, error.advice) from None


def _dialled(name: str, to: Route, timeout: float) -> socket.socket:
    try:
        sock = socket.create_connection((to.address, to.port), timeout)
    except OSError as error:
        raise Unreachable(f"{name} cannot be reached at {to.address} port {to.port}: {_why(error)}.", UP) from None
    # Our messages are small and each waits for an answer: collecting them into fuller packets costs 40 ms apiece.
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return sock


def _why(error: OSError) -> str:
    if isinstance(error, socket.gaierror):
        return "the name does not resolve"
    if isinstance(error, TimeoutError):
        return "it did not answer in time"
    return (error.strerror or str(error)).lower()


def _tunnelled(hop: Route, transport: paramiko.Transport, to: Route, timeout: float) -> Any:
    try:
        return transport.open_channel("direct-tcpip", (to.address, to.port), ("127.0.0.1", 0), timeout=timeout)
    except (OSError, EOFError, paramiko.SSHException) as error:
        code, text = (error.code, error.text) if isinstance(error, paramiko.ChannelException) else (0, str(error))
        raise Unreachable(
            f"{to.address} port {to.port} cannot be reached through {hop.address}: {quoted(text).lower()}.",
            THROUGH if code == _PROHIBITED else UP,
        ) from None


def _piped(name: str, to: Route, way: ExitStack) -> socket.socket:
    """A ProxyCommand (ssh_config(5)) with a real socket for its stdin and stdout, so that its end is seen."""
    ours, theirs = socket.socketpair()
    try:
        with theirs:
            # Its stderr is ours, as with ssh: what it complains about is for the user to see.
            process = subprocess.Popen(
                ["/bin/sh", "-c", f"exec {to.command}"], stdin=theirs.fileno(), stdout=theirs.fileno()
            )
    except OSError as error:
        ours.close()
        raise Unreachable(f"The ProxyCommand of {name} could not be started: {error}.") from None
    way.callback(_ended, process)
    return ours


def _ended(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
