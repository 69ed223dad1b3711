"""Which way to a host: the one place that knows all of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from opsharden.model import Host
from opsharden.probe.local import LocalTransport
from opsharden.probe.transport import Transport


def open_transport(
    host: Host, known_hosts: Sequence[Path], *, connect_timeout: float, command_timeout: float
) -> Transport:
    """Open the way to a host that its inventory entry asks for.

    Args:
        host: Where to.
        known_hosts: Files of pinned host keys.
        connect_timeout: Seconds to wait for the connection.
        command_timeout: Seconds one command may take.

    Raises:
        HostError: The host cannot be reached, or does not let us become root.
    """
    if host.connection == "local":
        return LocalTransport(host.name, command_timeout)
    from opsharden.probe.remote import open_remote  # noqa: PLC0415 - a look at this machine needs no SSH

    return open_remote(host, known_hosts, connect_timeout=connect_timeout, command_timeout=command_timeout)
