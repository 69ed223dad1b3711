"""Connections to hosts: strict about host keys, clear about why one failed, by the client that can get there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from opsharden.errors import Unreachable
from opsharden.model import Host
from opsharden.ssh import keyfiles, through_openssh, through_paramiko
from opsharden.ssh.connection import CommandResult, Connection
from opsharden.ssh.hostkeys import HostKey, Identity
from opsharden.ssh.invocation import STRONG
from opsharden.ssh.knownhosts import known
from opsharden.ssh.route import Route, route
from opsharden.ssh.unsupported import Unsupported

__all__ = ["CommandResult", "Connection", "connect", "identify"]


def connect(host: Host, known_hosts: Sequence[Path], *, timeout: float) -> Connection:
    """Log in to a host.

    Args:
        host: Where to and as whom.
        known_hosts: Files of pinned host keys.
        timeout: Seconds for each step on the way: connection, handshake, login.

    Raises:
        Unreachable: No connection, a host key that is unknown or has changed, or the login was refused.
    """
    target = _followed(host)
    if target is None:
        return through_openssh.connect(host, known_hosts, timeout)
    try:
        return through_paramiko.connect(host, target, (*target.known_hosts, *known_hosts), timeout)
    except Unsupported as unsupported:
        _hand_over(host, unsupported)
        return through_openssh.connect(host, known_hosts, timeout, STRONG)


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
    target = _followed(host)
    try:
        return _identified(host, target, known_hosts, timeout, fingerprint)
    except Unsupported as unsupported:
        _hand_over(host, unsupported)
        return _identified(host, None, known_hosts, timeout, fingerprint)


def _identified(
    host: Host, target: Route | None, known_hosts: Sequence[Path], timeout: float, fingerprint: str | None
) -> Identity:
    show: Callable[[Sequence[str]], HostKey]
    if target is None:
        name, files = through_openssh.place(host, known_hosts, timeout), tuple(known_hosts)
        show = partial(through_openssh.show, host, files, timeout=timeout)
    else:
        name, files = target.name, (*target.known_hosts, *known_hosts)
        show = partial(through_paramiko.show, host, target, files, timeout=timeout)
    pinned = known(files, name)
    first = show([entry.key.type for entry in pinned])
    if fingerprint and not pinned:
        for kind in ("", "ssh-rsa", "ecdsa-sha2-nistp256"):
            key = show([kind]) if kind else first
            if key.fingerprint == fingerprint:
                return Identity(name, key, pinned)
    return Identity(name, first, pinned)


def _followed(host: Host) -> Route | None:
    """The way to a host for paramiko; None where it is one for OpenSSH.

    Raises:
        Unreachable: It is one for neither: arguments that cannot be read, a key that is not there, a login password
            where only OpenSSH gets to.
    """
    try:
        if host.key_file is not None:
            keyfiles.load(host.key_file)  # one that is named has to be there: no journey is worth it otherwise
        if host.ssh_client in ("auto", "paramiko"):
            return route(host)
        why = "opsharden_ssh_client or ansible_ssh_executable says so"
    except Unsupported as unsupported:
        if host.ssh_client == "paramiko":
            raise
        why = f"it needs {unsupported.what}"
    _without_password(host, why)
    return None


def _hand_over(host: Host, unsupported: Unsupported) -> None:
    """Whether OpenSSH may go where paramiko found on the way that it cannot. It costs a handshake, no time-out.

    Raises:
        Unreachable: It may not.
    """
    if host.ssh_client == "paramiko":
        raise unsupported
    _without_password(host, f"it needs {unsupported.what}")


def _without_password(host: Host, why: str) -> None:
    if host.password is not None:
        raise Unreachable(
            f"{host.name} can be reached by OpenSSH only ({why}), which is given no login password.",
            "Let it in with a key, or take that away for this host.",
        )
