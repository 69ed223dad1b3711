"""The CPU time that lab hosts have used, from the control group of each container: cgroups(7)."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from bench.cost import BenchError, Cost
from opsharden.lab import Lab, podman

_SETTLE = 1.0
"""Seconds that hosts get to close sessions and write their logs, which is part of the price."""


class HostCpu:
    """The counters of all hosts of a lab, the hub included."""

    def __init__(self, lab: Lab) -> None:
        containers = [host.container for host in lab.hosts]
        pids = podman.ask("inspect", "--format", "{{.State.Pid}}", *containers).split()
        self._counters = tuple(_counter(int(pid)) for pid in pids)

    def used(self) -> float:
        """Seconds of CPU used since the hosts were started."""
        return sum(_seconds(counter) for counter in self._counters)

    def during(self, work: Callable[[], Cost]) -> Cost:
        """Do some work, and add to its cost what the hosts spent on it."""
        before = self.used()
        cost = work()
        time.sleep(_SETTLE)
        return replace(cost, host_cpu=self.used() - before)


def _counter(pid: int) -> Path:
    """The file in which the kernel counts for the container of this process."""
    mounts = [line.split() for line in Path("/proc/self/mounts").read_text().splitlines()]
    groups = [line.split(":", 2) for line in Path(f"/proc/{pid}/cgroup").read_text().splitlines()]
    for _, controllers, path in groups:
        if "cpuacct" in controllers.split(","):
            return _root(mounts, "cgroup", "cpuacct") / _container(path) / "cpuacct.usage"
    for _, controllers, path in groups:
        if not controllers:
            return _root(mounts, "cgroup2", "") / _container(path) / "cpu.stat"
    raise BenchError("The kernel does not count the CPU time of containers here.")


def _root(mounts: Sequence[Sequence[str]], kind: str, option: str) -> Path:
    for _, where, found, options, *_ in mounts:
        if found == kind and (not option or option in options.split(",")):
            return Path(where)
    raise BenchError(f"There is no {kind} {option} mounted here.".replace("  ", " "))


def _container(path: str) -> Path:
    """The container's own group: systemd inside puts itself and its services into groups below it."""
    parts = Path(path.lstrip("/")).parts
    depth = next((at for at, part in enumerate(parts, 1) if part.startswith("libpod-")), len(parts))
    return Path(*parts[:depth])


def _seconds(counter: Path) -> float:
    text = counter.read_text()
    if counter.name == "cpuacct.usage":
        return int(text) / 1e9
    usage = dict(line.split() for line in text.splitlines())
    return int(usage["usage_usec"]) / 1e6
