"""One command on one channel, as root where that is asked for: sudo asked once, its password never in argv."""

from __future__ import annotations

import secrets
import shlex
import time

from opsharden.errors import BecomeRefused, HostError, TransportBroken, Unreachable
from opsharden.model import Host
from opsharden.ssh.connection import Connection
from opsharden.ssh.pipe import Pipe


def open_session(host: Host, connection: Connection, command: str, timeout: float) -> tuple[Pipe, int]:
    """Start a command and wait until it runs.

    Args:
        host: Says whether to become root, and with which password.
        connection: To that host.
        command: For `sh`; what is sent down the pipe afterwards is its stdin.
        timeout: Seconds until it has to run.

    Returns:
        The pipe, with nothing in it but what the command itself prints, and the user id it runs as.

    Raises:
        BecomeRefused: sudo refused, or wants a password that is missing or wrong.
        Unreachable: The login shell ended at once.
        TransportBroken: The host stopped answering.
    """
    nonce = secrets.token_hex(8)
    # The mark is printed by the very shell that then becomes the command: only what comes after it counts, whatever
    # a banner or a .bashrc printed before.
    script = f"printf 'READY%s.%s.\\n' {nonce} \"$(id -u)\"; {command}"
    line = f"exec /bin/sh -c {shlex.quote(script)}"
    if host.become:
        line = f"exec sudo -S -p 'PASSWORD{nonce}' -- /bin/sh -c {shlex.quote(script)}"
    pipe = Pipe(connection.open_channel(line))
    return pipe, _shake(host, pipe, nonce, timeout)


def _shake(host: Host, pipe: Pipe, nonce: str, timeout: float) -> int:
    """Answer sudo's prompt, once, and wait for the mark. Returns the user id reached."""
    prompt, ready, asked = f"PASSWORD{nonce}".encode(), f"READY{nonce}.".encode(), 0
    deadline = time.monotonic() + timeout
    while True:
        _, mark, rest = pipe.stdout.partition(ready)
        if mark and b".\n" in rest:
            uid, pipe.stdout = rest.split(b".\n", 1)
            return int(uid)
        if pipe.stderr.count(prompt) > asked:
            asked += 1
            pipe.send(_password(host, asked) + b"\n", timeout)
        if not pipe.more(deadline):
            raise _refusal(host, pipe, prompt, deadline)


def _password(host: Host, asked: int) -> bytes:
    if host.become_password is None:
        raise BecomeRefused(
            f"sudo on {host.name} wants a password and none was given.",
            "Give it with --ask-become-pass, or let the automation account use sudo without one.",
        )
    if asked > 1:
        raise BecomeRefused(f"sudo on {host.name} did not accept the password.", "Check the become password.")
    return host.become_password.get_secret_value().encode()


def _refusal(host: Host, pipe: Pipe, prompt: bytes, deadline: float) -> HostError:
    if not pipe.ended:
        return TransportBroken(f"{host.name} let us in but its shell did not answer in time.")
    if pipe.status(deadline) is None:
        return TransportBroken(f"The connection to {host.name} was lost before its shell answered.")
    said = (pipe.stdout + pipe.stderr.replace(prompt, b"")).decode(errors="replace")
    said = " ".join(said.split()).rstrip(".")[:300] or "it said nothing"
    if host.become:
        return BecomeRefused(f"sudo on {host.name} refused: {said}.", "See what `sudo -n true` says there.")
    return Unreachable(f"The shell on {host.name} ended at once: {said}.")
