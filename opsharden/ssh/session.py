"""One command on one channel, as another user where that is asked for: the password sent once, never in argv."""

from __future__ import annotations

import re
import secrets
import time
from contextlib import suppress

from opsharden.errors import BecomeRefused, HostError, TransportBroken, Unreachable
from opsharden.model import Host
from opsharden.ssh.become import Passage, passage
from opsharden.ssh.channel import CHUNK
from opsharden.ssh.connection import Connection
from opsharden.ssh.pipe import Pipe
from opsharden.visible import quoted

_NOT_FOUND = 127
SHELL_ADVICE = (
    "Check the account's shell there (nologin?), ForceCommand in its sshd_config and command= in its authorized_keys."
)


def open_session(host: Host, connection: Connection, command: str, timeout: float) -> tuple[Pipe, int]:
    """Start a command and wait until it runs.

    Args:
        host: Says whom to become, how, and with which password.
        connection: To that host.
        command: For `sh`; what is sent down the pipe afterwards is its stdin.
        timeout: Seconds until it has to run.

    Returns:
        The pipe, with nothing in it but what the command itself prints, and the user id it runs as.

    Raises:
        BecomeRefused: sudo or su refused, or wants a password that is missing or wrong, or the way is not ours.
        Unreachable: The login shell ended at once.
        TransportBroken: The host stopped answering.
    """
    nonce = secrets.token_hex(8)
    # The mark is printed by the very shell that then becomes the command: only what comes after it counts, whatever
    # a banner or a .bashrc printed before.
    script = f"printf 'READY%s.%s.\\n' {nonce} \"$(id -u)\"; {command}"
    through = passage(host, script, nonce)
    pipe = Pipe(connection.open_channel(f"printf 'SHELL%s\\n' {nonce}; {through.line}"))
    return pipe, _shake(host, pipe, nonce, through, timeout)


def _shake(host: Host, pipe: Pipe, nonce: str, through: Passage, timeout: float) -> int:
    """Answer the prompt for a password, once, and wait for the mark. Returns the user id reached."""
    ready, asked, begun = f"READY{nonce}.".encode(), 0, False
    deadline = time.monotonic() + timeout
    while True:
        _, mark, rest = pipe.stdout.partition(ready)
        if mark and b".\n" in rest:
            uid, pipe.stdout = rest.split(b".\n", 1)
            return _uid(host, uid)
        begun = begun or f"SHELL{nonce}\n".encode() in pipe.stdout
        if len(through.prompt.findall(pipe.stderr)) > asked:
            asked += 1
            # Where it is gone by now, it has said why.
            with suppress(TransportBroken):
                pipe.send(_password(host, asked) + b"\n", timeout)
        pipe.keep(CHUNK)
        if not pipe.more(deadline):
            said = pipe.stdout.replace(f"SHELL{nonce}\n".encode(), b"") + through.prompt.sub(b"", pipe.stderr)
            raise _refusal(host, pipe, said, deadline, by_become=begun and host.become)


def _uid(host: Host, said: bytes) -> int:
    if not said:  # the shell itself runs, and nothing that it begins
        by = host.become_method if host.become else "the login"
        raise BecomeRefused(
            f"The shell that {by} gives on {host.name} can run no program (id).",
            "Does sudo forbid it (noexec, in `sudo -l`), or is coreutils missing there?",
        )
    if not re.fullmatch(rb"\d{1,10}", said):
        raise TransportBroken(f"{host.name} answers with what is no user id: {quoted(said, 100)}.")
    return int(said)


def _password(host: Host, asked: int) -> bytes:
    if host.become_password is None:
        raise BecomeRefused(
            f"{host.become_method} on {host.name} wants a password and none was given.",
            "Give it with --ask-become-pass, or let the automation account use sudo without one.",
        )
    if asked > 1:
        raise BecomeRefused(
            f"{host.become_method} on {host.name} did not accept the password.", "Check the become password."
        )
    return host.become_password.get_secret_value().encode()


def _refusal(host: Host, pipe: Pipe, said: bytes, deadline: float, *, by_become: bool) -> HostError:
    """Why there is no mark: the shell never ran what it was given, or ran it and was refused."""
    if not pipe.ended and by_become:
        return TransportBroken(f"{host.become_method} on {host.name} did not answer in time.", _asking(host))
    if not pipe.ended:
        return TransportBroken(f"{host.name} let us in but its shell did not answer in time.", SHELL_ADVICE)
    status = pipe.status(deadline)
    if status is None:
        return TransportBroken(f"The connection to {host.name} was lost before its shell answered.")
    words = quoted(said) or "it said nothing"
    if by_become and status == _NOT_FOUND:
        program = host.become_exe or host.become_method
        return BecomeRefused(
            f"{program} is not installed on {host.name}: {words}.",
            "Install it there, or log in as root with ansible_become: false.",
        )
    if by_become:
        return BecomeRefused(f"{host.become_method} on {host.name} refused: {words}.", _asking(host, words))
    return Unreachable(f"The shell on {host.name} ended at once: {words}.", SHELL_ADVICE)


def _asking(host: Host, words: str = "") -> str:
    if "must have a tty" in words:
        who = host.user or "THE ACCOUNT"
        return f"Take `Defaults requiretty` out of sudo's rules there, or add `Defaults:{who} !requiretty` behind it."
    return f"See what `{host.become_method} -n true` says there." if host.become_method == "sudo" else ""
