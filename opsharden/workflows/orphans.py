"""What an interrupted Ansible run may have left running on the hosts, ended through connections of our own."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from opsharden.errors import HostError
from opsharden.play import leftovers_command
from opsharden.probe import ask, open_transport
from opsharden.workflows.workplace import Workplace


def end_orphans(place: Workplace, hosts: Sequence[str], run_id: str) -> tuple[str, ...]:
    """End every process that a run left on these hosts. Returns the hosts where we could not look."""

    def end(name: str) -> str:
        try:
            transport = open_transport(place.host(name), place.known_hosts, place.patience)
            try:
                return "" if ask(transport, leftovers_command(run_id)).rc == 0 else name
            finally:
                transport.close()
        except HostError:
            return name

    with ThreadPoolExecutor(max_workers=place.settings.forks) as pool:
        return tuple(name for name in pool.map(end, hosts) if name)
