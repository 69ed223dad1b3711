"""What a lab is to be: plain values, nothing of podman in them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from opsharden.errors import UsageError

DEFAULT_ID = "default"
_ID = re.compile(r"[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?")
# A lab's network has 254 addresses: the gateway, the first ones kept free, the hosts.
MAX_HOSTS = 200


class Suite(StrEnum):
    """The Debian releases a lab host can be."""

    BOOKWORM = "bookworm"
    TRIXIE = "trixie"

    @property
    def release(self) -> int:
        """Debian's number of it: 12 or 13."""
        return {Suite.BOOKWORM: 12, Suite.TRIXIE: 13}[self]

    @property
    def group(self) -> str:
        """The inventory group of its hosts: `debian12`, `debian13`."""
        return f"debian{self.release}"


@dataclass(frozen=True, slots=True)
class HostSpec:
    """One host that is wanted.

    Attributes:
        name: Its host name and inventory name: `deb12-1`, `hub`.
        suite: The Debian release it runs.
        python: Whether python3 is there from the start.
    """

    name: str
    suite: Suite
    python: bool = True


@dataclass(frozen=True, slots=True)
class LabSpec:
    """The shape of a lab.

    Attributes:
        id: Its name on this machine; part of every container's and network's name.
        debian12: How many Debian 12 hosts.
        debian13: How many Debian 13 hosts.
        hub: Whether there is a host `hub` (Debian 12) that the others report and back up to.
        without_python: How many hosts of each suite, the first ones, come without python3.
        images: A ready image per suite, in place of the one we build; for hosts with python3.
        directory: Where inventory, password and fingerprints go; None is `.opsharden/lab/ID`.

    Raises:
        UsageError: The id cannot be part of a host name, or a number is out of range.
    """

    id: str = DEFAULT_ID
    debian12: int = 1
    debian13: int = 1
    hub: bool = False
    without_python: int = 0
    images: Mapping[Suite, str] = field(default_factory=dict)
    directory: Path | None = None

    def __post_init__(self) -> None:
        if not _ID.fullmatch(self.id):
            raise UsageError(
                f"'{self.id}' cannot be the id of a lab.", "Use up to 32 of a-z, 0-9 and -, with no - at the ends."
            )
        if min(self.debian12, self.debian13, self.without_python) < 0:
            raise UsageError("A lab cannot have fewer than zero hosts.", "Give 0 or more of each kind.")
        if not 1 <= len(self.hosts) <= MAX_HOSTS:
            raise UsageError(
                f"A lab has 1 to {MAX_HOSTS} hosts; this one would have {len(self.hosts)}.",
                "Ask for another number with --debian12 and --debian13.",
            )

    @property
    def hosts(self) -> tuple[HostSpec, ...]:
        """The hosts wanted, in the order they get their addresses."""
        wanted = [
            HostSpec(f"deb{suite.release}-{number}", suite, python=number > self.without_python)
            for suite, count in ((Suite.BOOKWORM, self.debian12), (Suite.TRIXIE, self.debian13))
            for number in range(1, count + 1)
        ]
        if self.hub:
            wanted.append(HostSpec("hub", Suite.BOOKWORM))
        return tuple(wanted)

    @property
    def home(self) -> Path:
        """The absolute directory the lab's files go to."""
        return (self.directory or Path(".opsharden", "lab", self.id)).absolute()


@dataclass(frozen=True, slots=True)
class LabHost:
    """One host that is there.

    Attributes:
        name: Its host name and inventory name.
        address: Its IPv4 address on the lab's own network; it keeps it over restarts.
        suite: The Debian release it runs.
        container: The name podman knows it by.
        state: What podman said of it when it was asked: `running`, `exited`, `created`.
    """

    name: str
    address: str
    suite: Suite
    container: str
    state: str

    @property
    def running(self) -> bool:
        """Whether it ran when podman was asked."""
        return self.state == "running"
