"""What this machine is, and how lab hosts run on it. Looked up, never assumed."""

from __future__ import annotations

import os
import re
import resource
import shutil
import subprocess
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from opsharden.errors import LabError
from opsharden.lab.podman import INSTALL, environment

_PROGRAMS = ("podman", "runc", "crun", "mmdebstrap", "iptables", "nft")
# Where podman looks for its helpers: helper_binaries_dir in containers.conf(5).
_HELPER_DIRS = ("/usr/local/libexec/podman", "/usr/local/lib/podman", "/usr/libexec/podman", "/usr/lib/podman")
_CAP_SYS_RESOURCE = 24  # capabilities(7): may raise hard resource limits
_NETAVARK_WITH_NFTABLES = (1, 10)  # before it, netavark knows iptables only


class Cgroups(StrEnum):
    """How the control groups of a machine are mounted: cgroups(7)."""

    V1 = "v1"
    HYBRID = "hybrid"
    V2 = "v2"


@dataclass(frozen=True, slots=True)
class Facts:
    """What was seen of the machine, before any judgement.

    Attributes:
        root: Whether we are root.
        programs: Which of the programs a lab may need are there.
        netavark: Version of podman's network helper, major and minor; None where it is missing.
        mounts: The text of /proc/self/mounts.
        capabilities: The effective capabilities as the bit mask in /proc/self/status.
        open_files: Hard limit of open files of this process; -1 is none.
        processes: Hard limit of processes of this user; -1 is none.
    """

    root: bool
    programs: frozenset[str]
    netavark: tuple[int, int] | None
    mounts: str
    capabilities: int
    open_files: int
    processes: int


@dataclass(frozen=True, slots=True)
class Machine:
    """How lab hosts run here.

    Attributes:
        cgroups: How control groups are mounted.
        runtime: The container runtime to insist on; None leaves it to podman.
        limits: podman options for resource limits, where podman's own choice would be refused.
        builds: Whether images can be built here.
    """

    cgroups: Cgroups
    runtime: str | None
    limits: tuple[str, ...]
    builds: bool


def examine() -> Machine:
    """Look at this machine and say how lab hosts run on it.

    Raises:
        LabError: They cannot; the sentence names what is missing.
    """
    return judge(look())


def look() -> Facts:
    """Gather the facts about this machine; changes nothing."""
    status = Path("/proc/self/status").read_text()
    effective = re.search(r"^CapEff:\s*([0-9a-f]+)$", status, re.MULTILINE)
    path = environment()["PATH"]
    return Facts(
        root=os.geteuid() == 0,
        programs=frozenset(name for name in _PROGRAMS if shutil.which(name, path=path)),
        netavark=_netavark_version(),
        mounts=Path("/proc/self/mounts").read_text(),
        capabilities=int(effective[1], 16) if effective else 0,
        open_files=resource.getrlimit(resource.RLIMIT_NOFILE)[1],
        processes=resource.getrlimit(resource.RLIMIT_NPROC)[1],
    )


def judge(facts: Facts) -> Machine:
    """Say how lab hosts run on a machine with these facts.

    Raises:
        LabError: They cannot; the sentence names what is missing.
    """
    if not facts.root:
        raise LabError("Only root can run lab hosts.", "Run the command as root, for instance with sudo.")
    if "podman" not in facts.programs:
        raise LabError("podman is not installed on this machine.", INSTALL)
    if facts.netavark is None:
        raise LabError("netavark, podman's network helper, is not installed on this machine.", INSTALL)
    if not _has_firewall_program(facts):
        raise LabError("podman's network helper finds no iptables on this machine.", INSTALL)
    cgroups = cgroup_mode(facts.mounts)
    if not facts.programs & {"runc", "crun"}:
        raise LabError("There is no container runtime (runc or crun) on this machine.", INSTALL)
    if cgroups is Cgroups.HYBRID and "runc" not in facts.programs:
        raise LabError("This machine mounts cgroups in hybrid mode, which crun refuses; runc is not there.", INSTALL)
    return Machine(
        cgroups=cgroups,
        runtime="runc" if cgroups is Cgroups.HYBRID else None,
        limits=_limits(facts),
        builds="mmdebstrap" in facts.programs,
    )


def cgroup_mode(mounts: str) -> Cgroups:
    """How control groups are mounted.

    Args:
        mounts: The text of /proc/self/mounts.

    Raises:
        LabError: They are not mounted at all: systemd could not start in a host.
    """
    kinds = {fields[2] for line in mounts.splitlines() if len(fields := line.split()) > 2}
    if {"cgroup", "cgroup2"} <= kinds:
        return Cgroups.HYBRID
    if "cgroup2" in kinds:
        return Cgroups.V2
    if "cgroup" in kinds:
        return Cgroups.V1
    raise LabError(
        "This machine has no control groups mounted, and systemd does not start without.",
        "Mount /sys/fs/cgroup, or run the lab on a machine that systemd has started.",
    )


def _has_firewall_program(facts: Facts) -> bool:
    if facts.netavark is not None and facts.netavark >= _NETAVARK_WITH_NFTABLES:
        return bool(facts.programs & {"iptables", "nft"})
    return "iptables" in facts.programs


def _limits(facts: Facts) -> tuple[str, ...]:
    """Without CAP_SYS_RESOURCE podman's own, higher limits are refused: stay at or below what we have."""
    if facts.capabilities >> _CAP_SYS_RESOURCE & 1:
        return ()
    open_files = facts.open_files if facts.open_files > 0 else 1024
    # podman lowers its own process limit to the kernel's pid_max, so our hard limit may already be too much.
    processes = min(facts.processes, 4096) if facts.processes > 0 else 4096
    return ("--ulimit", f"nofile={open_files}:{open_files}", "--ulimit", f"nproc={processes}:{processes}")


def _netavark_version() -> tuple[int, int] | None:
    program = shutil.which("netavark", path=os.pathsep.join(_HELPER_DIRS))
    if program is None:
        return None
    answer = subprocess.run([program, "--version"], capture_output=True, check=False, text=True, timeout=30)
    version = re.search(r"(\d+)\.(\d+)", answer.stdout)
    return (int(version[1]), int(version[2])) if version else (0, 0)
