"""How large a benchmark is: the BENCH_* variables."""

from __future__ import annotations

import os
from dataclasses import dataclass, field


def _from(name: str, default: int) -> int:
    return max(1, int(os.environ.get(f"BENCH_{name}", default)))


@dataclass(frozen=True)
class Sizes:
    """Numbers of hosts and of repetitions.

    Attributes:
        runs: How often each side of a comparison runs (BENCH_RUNS).
        hosts: Hosts of the compliant fleet, the hub not counted (BENCH_HOSTS).
        many: Hosts of the large fleet (BENCH_MANY).
        fresh: Hosts of each fleet that is as new, for the first apply (BENCH_FRESH).
    """

    runs: int = field(default_factory=lambda: _from("RUNS", 3))
    hosts: int = field(default_factory=lambda: _from("HOSTS", 20))
    many: int = field(default_factory=lambda: _from("MANY", 100))
    fresh: int = field(default_factory=lambda: _from("FRESH", 4))

    @property
    def few(self) -> int:
        """A quarter of the fleet: the lower end of a slope."""
        return max(1, self.hosts // 4)

    @property
    def slow(self) -> int:
        """How many hosts a peer gets that takes half a minute for each."""
        return min(4, self.hosts)

    @property
    def slowest(self) -> int:
        """How many hosts a peer gets that takes minutes for each."""
        return min(2, self.hosts)

    @property
    def small(self) -> int:
        """How many of the large fleet are compared with all of it."""
        return min(self.hosts, self.many)
