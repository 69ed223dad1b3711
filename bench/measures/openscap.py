"""A warm verify beside OpenSCAP on each host, started over plain ssh, all at the same time."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

from bench.cost import BenchError, Cost, at_once, in_turn
from bench.fleet import Fleet
from bench.ground import Ground
from bench.host_cpu import HostCpu
from bench.rows import Aim, Reading
from opsharden.lab import Suite, podman

AIMS = (Aim("warm verify ÷ OpenSCAP on each host over ssh, wall", 1 / 2),)

# The smallest of the ANSSI profiles: of its rules, about as many apply in a container as a verify has controls.
_PROFILE = "xccdf_org.ssgproject.content_profile_anssi_bp28_minimal"
_CONTENT = "/var/tmp/ssg-debian12-ds.xml"  # noqa: S108 - a path on lab hosts, written as root
_JUDGED = ("pass", "fail")
# oscap's exit codes: 0 all rules pass, 2 some fail.
_NO_FAILURE = (0, 2)
# Debian 13 has the content for Debian 12, which Debian 12 itself does not have yet. It is data and unpacks anywhere.
_FETCH = f"""
set -e
cd /var/tmp
apt-get update -q
apt-get download -q ssg-debian
dpkg-deb -x ssg-debian_*.deb ssg
mv ssg/usr/share/xml/scap/ssg/content/ssg-debian12-ds.xml {_CONTENT}
rm -r ssg ssg-debian_*.deb
"""
_INSTALL = "apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -q -y openscap-scanner"


def measure(ground: Ground) -> tuple[Reading, ...]:
    """Verify the fleet, and scan a part of it; what a scan costs is scaled to the fleet."""
    fleet, runs = ground.compliant(), ground.sizes.runs
    part = _install(fleet, ground.sizes.slow)
    hosts = HostCpu(fleet.lab)
    rules: Counter[str] = Counter()

    def scan() -> Cost:
        words = ("sudo", "oscap", "xccdf", "eval", "--progress", "--profile", _PROFILE, _CONTENT)
        cost, printed = at_once({host: fleet.ssh(host, *words) for host in part}, {}, _NO_FAILURE)
        rules.clear()
        rules.update(line.rpartition(":")[2] for line in printed[part[0]].decode().splitlines())
        return cost

    in_turn(1, fleet.verify, scan)
    ours, theirs = in_turn(runs, fleet.verify, lambda: hosts.during(scan))
    judged = sum(rules[word] for word in _JUDGED)
    whole, scaled = _scaled(theirs, len(part), len(fleet.names))
    how = (
        f"{ours.wall:.2f} s for {len(fleet.names)} hosts and all controls ÷ {whole:.1f} s for ANSSI BP-028 minimal, "
        f"{judged} rules judged and {rules['notapplicable']} not applicable; it took {theirs.wall:.1f} s for "
        f"{len(part)} hosts, {scaled}; medians of {runs}"
    )
    return (Reading(ours.wall / whole, how),)


def _install(fleet: Fleet, most: int) -> tuple[str, ...]:
    """Bring OpenSCAP and its content to some of the Debian 12 hosts.

    Raises:
        BenchError: It could not be had.
    """
    suites = {name: fleet.lab.host(name).suite for name in fleet.names}
    part = [name for name, suite in suites.items() if suite is Suite.BOOKWORM][:most]
    newer = next((name for name, suite in suites.items() if suite is Suite.TRIXIE), None)
    if newer is None:
        raise BenchError("OpenSCAP's content comes from a Debian 13 host, and the fleet has none.")
    here = fleet.project / Path(_CONTENT).name
    _as_root(fleet, newer, _FETCH)
    podman.ask("cp", f"{fleet.lab.host(newer).container}:{_CONTENT}", str(here))
    for name in part:
        _as_root(fleet, name, _INSTALL)
        podman.ask("cp", str(here), f"{fleet.lab.host(name).container}:{_CONTENT}")
    return tuple(part)


def _scaled(cost: Cost, part: int, hosts: int) -> tuple[float, str]:
    """The time for all hosts: what their CPU work takes on this machine's cores, or what the part took if that is more.

    It is the least that scanning all of them can take, so the ratio is at its hardest for us.
    """
    cores = os.cpu_count() or 1
    whole = max(cost.wall, cost.host_cpu / part * hosts / cores)
    return whole, f"{cost.host_cpu / part:.2f} s CPU each, scaled to {hosts} hosts on {cores} cores"


def _as_root(fleet: Fleet, name: str, script: str) -> None:
    answer = fleet.lab.exec(name, script)
    if answer.returncode != 0:
        raise BenchError(f"{name} could not get OpenSCAP: {answer.stderr.strip()[-300:]}")
