"""The way to another host: one SSH connection, one channel, one sudo, one helper that ends with the channel."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from opsharden.model import Host
from opsharden.probe.transports.dialogue import START, Dialogue
from opsharden.probe.transports.transport import Patience
from opsharden.ssh.client import connect
from opsharden.ssh.session import open_session


def open_remote(host: Host, known_hosts: Sequence[Path], patience: Patience, reached: Callable[[], None]) -> Dialogue:
    """Log in, become whom the inventory says, and start the helper.

    Args:
        host: Where to.
        known_hosts: Files of pinned host keys.
        patience: How long it is waited for.
        reached: Called when we are logged in, before we become anybody else.

    Raises:
        Unreachable: No connection, wrong host key, or login refused.
        BecomeRefused: sudo refused, or wants a password that is missing or wrong.
        TransportBroken: The connection went away meanwhile.
    """
    connection = connect(host, known_hosts, timeout=patience.connect)
    try:
        reached()
        pipe, uid = open_session(host, connection, START, patience.command)
        dialogue = Dialogue(host.name, pipe, connection.close, patience, is_root=uid == 0)
        dialogue.begin()
    except BaseException:
        connection.close()
        raise
    return dialogue
