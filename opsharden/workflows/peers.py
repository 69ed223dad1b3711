"""Hosts that checks of other hosts look from: one connection each, shared by all who ask."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from threading import Lock

from opsharden.errors import HostError
from opsharden.probe import Answer, Recorder, Transport, open_transport
from opsharden.workflows.workplace import Workplace


class _Shared:
    """A transport that many threads may use, one exchange at a time; what was answered once is not asked again."""

    def __init__(self, transport: Transport) -> None:
        self.host = transport.host
        self.is_root = transport.is_root
        self.platform = transport.platform
        self._transport = transport
        self._lock = Lock()
        self._answers: dict[str, Answer] = {}
        self._lost: HostError | None = None

    def exchange(self, commands: Sequence[str]) -> Iterator[tuple[str, Answer]]:
        with self._lock:
            new = [command for command in commands if command not in self._answers]
            if new and self._lost:
                raise type(self._lost)(self._lost.message, self._lost.advice)
            try:
                self._answers.update(self._transport.exchange(new) if new else ())
            except HostError as error:
                # It stays lost: nobody else waits for it again, and what it may still answer belongs to nobody.
                self._lost = error
                raise
        yield from ((command, self._answers[command]) for command in commands)

    def close(self) -> None:
        self._transport.close()


class PeerPool:
    """Opens each peer once, when it is first asked for; one that cannot be reached stays so for the run."""

    def __init__(self, place: Workplace) -> None:
        self._place = place
        self._lock = Lock()
        self._locks: dict[str, Lock] = {}
        self._open: dict[str, _Shared | HostError] = {}

    def recorder(self, name: str) -> Recorder:
        """A recorder of its own, for one host's checks, over the shared connection.

        Raises:
            HostError: The peer cannot be reached.
            InventoryError: There is no such host.
        """
        with self._lock:
            lock = self._locks.setdefault(name, Lock())
        with lock:  # one peer that does not answer keeps nobody from another
            if name not in self._open:
                self._open[name] = self._reach(name)
            found = self._open[name]
        if isinstance(found, HostError):
            raise type(found)(found.message, found.advice)
        return Recorder(found)

    def close(self) -> None:
        """Leave all of them."""
        for found in tuple(self._open.values()):
            if isinstance(found, _Shared):
                found.close()

    def _reach(self, name: str) -> _Shared | HostError:
        # It is there for all hosts, so it has no time of its own.
        patience = replace(self._place.patience, host=math.inf)
        try:
            transport = open_transport(self._place.host(name), self._place.known_hosts, patience)
        except HostError as error:
            return error
        return _Shared(transport)
