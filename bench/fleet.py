"""Real hosts to measure on: a lab, a project that works on it, and ways in."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain, zip_longest
from pathlib import Path

from bench.cost import Cost, run
from opsharden import lab as labs
from opsharden.evidence import Store
from opsharden.lab import Lab, LabSpec, Suite

BIN = Path(sys.executable).parent
HUB = "hub"

Say = Callable[[str], None]
"""Takes one line of progress."""

ALL_CONTROLS = ("baseline-1", "monitoring", "backup")
"""The profiles that every host of a lab with a hub declares."""


@dataclass(frozen=True)
class Fleet:
    """Bootstrapped hosts.

    Attributes:
        lab: The hosts.
        project: The project folder.
    """

    lab: Lab
    project: Path

    @property
    def names(self) -> tuple[str, ...]:
        """Inventory names of the hosts under measure, Debian 12 and 13 in turn: any first part is as mixed."""
        suites = [[host.name for host in self.lab.hosts if host.suite is suite and host.name != HUB] for suite in Suite]
        return tuple(name for name in chain.from_iterable(zip_longest(*suites)) if name)

    @property
    def key(self) -> Path:
        """The automation account's key."""
        return self.project / "keys" / "automation"

    @property
    def known_hosts(self) -> Path:
        """The pinned host keys."""
        return self.project / "known_hosts"

    def opsharden(self, *arguments: str | Path, ok: Sequence[int] = (0,)) -> Cost:
        """Call opsharden in the project, as a user would.

        Raises:
            BenchError: It ended with another code.
        """
        return run([BIN / "opsharden", *arguments], cwd=self.project, ok=ok)

    def verify(self, *arguments: str, ok: Sequence[int] = (0,)) -> Cost:
        """A whole `opsharden verify`, start-up and report included.

        Raises:
            BenchError: It ended with another code.
        """
        return self.opsharden("verify", *arguments, "--output", "json:/dev/null", ok=ok)

    def latest(self) -> str:
        """The id of the newest run."""
        with self.evidence() as store:
            return store.run("latest").id

    def evidence(self) -> Store:
        """The store of the project's runs."""
        return Store.open(self.project / ".opsharden" / "evidence.db", create=False)

    def ssh(self, host: str, *command: str) -> list[str]:
        """The words of a plain ssh to a host, held to the pinned key and to nothing the user has set up."""
        options = ("BatchMode=yes", "LogLevel=ERROR", "StrictHostKeyChecking=yes")
        return [
            *("ssh", "-F", "none", "-T", "-i", str(self.key), "-o", f"UserKnownHostsFile={self.known_hosts}"),
            *(word for option in options for word in ("-o", option)),
            f"opsharden@{self.lab.host(host).address}",
            *command,
        ]


@contextmanager
def bootstrapped(hosts: int, say: Say, *, hub: bool) -> Iterator[Fleet]:
    """Bring up a lab with a project, its hosts bootstrapped and otherwise as new. All of it goes at the end.

    Args:
        hosts: How many, half of them of each Debian.
        say: Takes one line of progress.
        hub: Whether there is a hub besides, which the hosts report and back up to.

    Raises:
        LabError: The hosts did not come up.
        BenchError: They could not be bootstrapped.
    """
    with tempfile.TemporaryDirectory(prefix="opsharden-bench-", ignore_cleanup_errors=True) as folder:
        project = Path(folder)
        spec = LabSpec(f"bench{os.getpid()}", (hosts + 1) // 2, hosts // 2, hub=hub, directory=project / "lab")
        with labs.up(spec, raise_inotify_limit=True, say=say) as lab:
            fleet = Fleet(lab, project)
            fleet.opsharden("init")
            settings = project / "opsharden.toml"
            sources = f'inventory = ["inventory/hosts.yml", "{lab.inventory}/hosts.yml"]'
            text = settings.read_text(encoding="utf-8")
            settings.write_text(text.replace('inventory = ["inventory/hosts.yml"]', sources), encoding="utf-8")
            say(f"bootstrapping {len(lab.hosts)} hosts")
            fleet.opsharden("bootstrap", "--password-file", lab.home / "password")
            yield fleet


@contextmanager
def compliant(hosts: int, say: Say) -> Iterator[Fleet]:
    """Bring up a lab with a hub whose hosts have all controls, as a verify has shown.

    Raises:
        LabError: The hosts did not come up.
        BenchError: They could not be made compliant.
    """
    with bootstrapped(hosts, say, hub=True) as fleet:
        say(f"applying {', '.join(ALL_CONTROLS)} to {hosts} hosts")
        fleet.opsharden("apply", ok=(0, 3))
        # What an agent has only just begun to report may not have arrived while the apply looked.
        fleet.opsharden("apply")
        yield fleet
