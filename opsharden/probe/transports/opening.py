"""Which way to a host: the one place that knows all of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from opsharden.model import Host
from opsharden.probe.transports.transport import Patience, Transport


def open_transport(
    host: Host, known_hosts: Sequence[Path], patience: Patience, reached: Callable[[], None] = lambda: None
) -> Transport:
    """Open the way to a host that its inventory entry asks for.

    Args:
        host: Where to.
        known_hosts: Files of pinned host keys.
        patience: How long it is waited for.
        reached: Called when we are logged in, before we become root.

    Raises:
        HostError: The host cannot be reached, or does not let us become root.
    """
    if host.connection == "local":
        from opsharden.probe.transports.local import open_local  # noqa: PLC0415 - only one of the two ways is needed, mostly

        return open_local(host, patience)
    from opsharden.probe.transports.remote import open_remote  # noqa: PLC0415 - a look at this machine needs no SSH

    return open_remote(host, known_hosts, patience, reached)
