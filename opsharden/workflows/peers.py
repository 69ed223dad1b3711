"""Hosts that checks of other hosts look from: one connection each, shared by all who ask."""

from __future__ import annotations

from threading import Lock

from opsharden.errors import HostError
from opsharden.model import Observation
from opsharden.probe import Recorder, Transport, open_transport
from opsharden.workflows.workplace import Workplace


class _Shared:
    """A transport that many threads may use, one command at a time."""

    def __init__(self, transport: Transport) -> None:
        self.host = transport.host
        self.is_root = transport.is_root
        self._transport = transport
        self._lock = Lock()

    def run(self, command: str) -> Observation:
        with self._lock:
            return self._transport.run(command)

    def close(self) -> None:
        self._transport.close()


class Peers:
    """Opens each peer once, when it is first asked for; one that cannot be reached stays so for the run."""

    def __init__(self, place: Workplace) -> None:
        self._place = place
        self._lock = Lock()
        self._open: dict[str, _Shared | HostError] = {}

    def recorder(self, name: str) -> Recorder:
        """A recorder of its own, for one host's checks, over the shared connection.

        Raises:
            HostError: The peer cannot be reached.
            InventoryError: There is no such host.
        """
        with self._lock:
            if name not in self._open:
                self._open[name] = self._reach(name)
            found = self._open[name]
        if isinstance(found, HostError):
            raise type(found)(found.message, found.advice)
        return Recorder(found)

    def close(self) -> None:
        """Leave all of them."""
        for found in self._open.values():
            if isinstance(found, _Shared):
                found.close()

    def _reach(self, name: str) -> _Shared | HostError:
        settings = self._place.settings
        try:
            transport = open_transport(
                self._place.host(name),
                self._place.known_hosts,
                connect_timeout=settings.connect_timeout,
                command_timeout=settings.command_timeout,
            )
        except HostError as error:
            return error
        return _Shared(transport)
