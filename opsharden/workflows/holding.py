"""The leases that one run has: on the hosts it changes, and on the hubs that it changes on their behalf."""

from __future__ import annotations

import os
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace

from opsharden.errors import HostError
from opsharden.model import Host
from opsharden.safety.lease import Holder, Taken, held
from opsharden.ssh.channel import Channel
from opsharden.ssh.client import connect
from opsharden.ssh.connection import Connection
from opsharden.ssh.process import ProcessChannel
from opsharden.workflows.workplace import Workplace

_NAP = 5.0
"""Seconds between two looks whether a hub is free."""


@dataclass
class _Lease:
    """One that we have, and how many of our Ansible runs need it now."""

    end: Callable[[], object]
    users: int = 1


class Leases:
    """What one run holds. Its Ansible runs share what more than one of them needs.

    Two runs that wait for each other end by themselves: nobody waits for a host while it has one, hubs are waited for
    in the order of their names, and there is an end to it.
    """

    def __init__(
        self, place: Workplace, holder: Holder, cancel: threading.Event, waiting: Callable[[str, Taken], None]
    ) -> None:
        """Hold nothing yet.

        Args:
            place: Says how to reach hosts.
            holder: Who we are.
            cancel: Ends all waiting.
            waiting: Told of a hub that is waited for, and who has it.
        """
        self._place, self._holder, self._cancel, self._waiting = place, holder, cancel, waiting
        self._leases: dict[str, _Lease] = {}
        self._locks: dict[str, threading.Lock] = defaultdict(threading.Lock)
        self._until: dict[str, float] = {}

    @contextmanager
    def hosts(self, names: Sequence[str]) -> Iterator[dict[str, HostError]]:
        """Hold hosts for as long as the block lasts. Gives those that could not be had, with the reason."""
        refused: dict[str, HostError] = {}
        with ExitStack() as stack, ThreadPoolExecutor(max(1, len(names))) as pool:

            def take(name: str) -> None:
                try:
                    self._take(name)
                    stack.callback(self._give_back, name)
                except HostError as error:
                    refused[name] = error

            list(pool.map(take, names))
            yield refused

    @contextmanager
    def hubs(self, names: Sequence[str]) -> Iterator[dict[str, HostError]]:
        """The same for hubs, which other runs change on behalf of other hosts: they are waited for."""
        refused: dict[str, HostError] = {}
        with ExitStack() as stack:
            for name in sorted(names):
                try:
                    self._wait_for(name)
                    stack.callback(self._give_back, name)
                except HostError as error:
                    refused[name] = error
            yield refused

    def _wait_for(self, name: str) -> None:
        """Have a hub, soon or later. All our Ansible runs together wait for it no longer than one may take."""
        while True:
            try:
                return self._take(name, shared=True)
            except Taken as taken:
                if name not in self._until:
                    self._until[name] = time.monotonic() + self._place.settings.apply_timeout
                    self._waiting(name, taken)
                if time.monotonic() >= self._until[name] or self._cancel.wait(_NAP):
                    raise

    def _take(self, name: str, *, shared: bool = False) -> None:
        with self._locks[name]:
            if lease := self._leases.get(name):
                lease.users += 1
                return
            try:
                end = self._ask(name)
            except Taken as taken:
                if not (shared and taken.run == self._holder.run):
                    raise
                end = ExitStack().close  # it is ours, by another name of the same machine
            self._leases[name] = _Lease(end)

    def _give_back(self, name: str) -> None:
        with self._locks[name]:
            lease = self._leases[name]
            lease.users -= 1
            if not lease.users:
                del self._leases[name]
                lease.end()

    def _ask(self, name: str) -> Callable[[], object]:
        """Take the lease on a host; what is given ends it."""
        host = self._place.host(name)
        with ExitStack() as own:
            connection = own.enter_context(_connected(self._place, host))
            own.enter_context(held(_root(host), connection, self._holder, self._place.settings.connect_timeout))
            return own.pop_all().close
        raise AssertionError  # for the type: a stack swallows nothing


@contextmanager
def _connected(place: Workplace, host: Host) -> Iterator[Connection]:
    if host.connection == "local":
        with closing(_Here()) as here:
            yield here
    else:
        with connect(host, place.known_hosts, timeout=place.settings.connect_timeout) as connection:
            yield connection


def _root(host: Host) -> Host:
    """The host as Ansible becomes root there: on this machine too."""
    return replace(host, become=os.geteuid() != 0) if host.connection == "local" else host


class _Here(Connection):
    """This machine."""

    def __init__(self) -> None:
        self._channels: list[ProcessChannel] = []

    def open_channel(self, command: str) -> Channel:
        """See `Connection.open_channel`."""
        channel = ProcessChannel(["/bin/sh", "-c", command], os.environ)
        self._channels.append(channel)
        return channel

    def close(self) -> None:
        """See `Connection.close`."""
        for channel in self._channels:
            channel.close()
