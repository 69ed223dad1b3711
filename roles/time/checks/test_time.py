"""The time services there are, and whom the one that counts asks.

All in one file: pytest loads a conftest.py by the name of its folders, and would put this role, `time`, in the place of
Python's own module of that name.
"""

import re
import shlex
from fnmatch import fnmatchcase
from pathlib import PurePosixPath

import pytest

from opsharden.model import Mismatch

# Every package in Debian that provides time-daemon, and the names they go by elsewhere.
UNITS = (
    "systemctl show --property=Id,LoadState,UnitFileState,ActiveState,ConditionResult systemd-timesyncd.service "
    "chrony.service chronyd.service ntpsec.service openntpd.service ntp.service ntpd.service"
)
KIND = "systemctl show --property=Virtualization"
CONTAINERS = ("docker", "podman", "lxc", "lxc-libvirt", "systemd-nspawn", "openvz", "rkt", "wsl", "proot", "pouch")
# Whether anybody ever tried to start it; when is no matter.
TRIED = "systemctl show --property=ConditionTimestampMonotonic %s | sed -E 's/=[1-9][0-9]*/=yes/'"

NEEDS = re.compile(r"^ (\S+?)(?::\w+)? (?:pre-)?depends on ", re.MULTILINE)

# All files that count, in the order they count in, and what networks told.
TIMESYNCD = "systemd-analyze cat-config --no-pager systemd/timesyncd.conf"
HEADER = re.compile(
    r"# (/(?:etc|run|usr/local/lib|usr/lib|lib)/systemd/timesyncd\.conf(?:\.d/[^/]+\.conf)?)(?: -> .*)?"
)
LINKS = "grep -rsnH '^NTP=' /run/systemd/netif/links || test $? -le 2"

# grep answers 2 where some are missing.
CHRONY = (
    "grep -RsnHiE --devices=skip "
    "'^[[:space:]]*(server|pool|peer|confdir|sourcedir|include|ExecStart|DAEMON_OPTS)[[:space:]=]' "
    "/etc/chrony /run/chrony-dhcp /etc/default/chrony /usr/lib/systemd/system/chrony.service "
    "/etc/systemd/system/chrony.service /etc/systemd/system/chrony.service.d || test $? -le 2"
)
MORE = (
    "grep -RsnHiE --devices=skip '^[[:space:]]*(server|pool|peer|confdir|sourcedir|include)[[:space:]]' %s"
    " || test $? -le 2"
)


@pytest.fixture
def units(host):
    """Unit -> what systemd says of it, of the units that are there; one that is only masked is not."""
    blocks = host.check_output(UNITS).strip().split("\n\n")
    found = [dict(line.split("=", 1) for line in block.splitlines()) for block in blocks]
    there = {unit["Id"]: unit for unit in found if unit["LoadState"] == "loaded" or unit["ActiveState"] == "active"}
    return there | {unit["Id"]: unit for unit in found if unit["LoadState"] not in ("loaded", "masked", "not-found")}


@pytest.fixture
def excused(host):
    """Whether a unit does not run because this is a container that may not set its clock: its machine keeps it."""

    def look(unit):
        if unit["ActiveState"] != "inactive" or unit["ConditionResult"] != "no":
            return False
        kind = host.check_output(KIND).partition("=")[2].strip()
        return kind in CONTAINERS and host.check_output(TRIED, unit["Id"]).strip().endswith("=yes")

    return look


@pytest.fixture
def needed_by(host):
    """Who could not do without a package, by dpkg's word: it only says what it would do."""

    def look(name):
        return sorted(set(NEEDS.findall(host.run("LC_ALL=C dpkg --no-act --remove %s", name).stderr)))

    return look


@pytest.fixture
def asked_by(host):
    """Whom a service asks: (server, file and line)."""
    return lambda service: {"systemd-timesyncd": timesyncd, "chrony": chrony}[service](host)


def timesyncd(host):
    """Whom systemd-timesyncd asks: what its files say, one after the other, and what networks told."""
    said, place, number, section = {"NTP": [], "FallbackNTP": []}, "", 0, ""
    for line in host.check_output(TIMESYNCD).split("\n"):
        header = HEADER.fullmatch(line)
        place, number = (header[1], 0) if header else (place, number + 1)
        section = "" if header else line.strip() if line.strip().startswith("[") else section
        found = re.fullmatch(r"\s*(NTP|FallbackNTP)\s*=(.*)", line)
        if found and section == "[Time]":
            names = [(name, f"{place}:{number}") for name in found[2].split()]
            said[found[1]] = [*said[found[1]], *names] if names else []
    links = [line.split(":", 2) for line in host.check_output(LINKS).splitlines()]
    told = [(name, f"{path}:{at}") for path, at, text in links for name in text.partition("=")[2].split()]
    return [*said["NTP"], *told] or said["FallbackNTP"]


class Chrony:
    """What chronyd reads, out of the lines of its files that name servers or other files."""

    def __init__(self, host, looked_at):
        self.host, self.files, self.seen = host, {}, set(looked_at)
        self.add(host.check_output(CHRONY))

    def add(self, lines):
        """Take lines that grep found."""
        for line in lines.splitlines():
            path, number, text = line.split(":", 2)
            entry = (int(number), text.strip())
            if entry not in self.files.setdefault(path, []):
                self.files[path].append(entry)

    def main(self):
        """The file chronyd is started with."""
        starts = [
            text for path in sorted(self.files, key=_of_unit) if ".service" in path for _, text in self.files[path]
        ]
        given = [text.partition("=")[2].strip() for text in starts if text.startswith("ExecStart=")]
        start = given[-1] if given else ""
        options = [text.partition("=")[2] for _, text in self.files.get("/etc/default/chrony", [])]
        if "$DAEMON_OPTS" in start and options:
            start += " " + " ".join(shlex.split(options[-1], comments=True))
        named = re.search(r"\s-f\s*(\S+)", start)
        return named[1] if named else "/etc/chrony/chrony.conf"

    def look_at(self, path):
        """See to it that a file or folder was looked at."""
        if not any(path == seen or path.startswith(f"{seen}/") for seen in self.seen):
            self.seen.add(path)
            self.add(self.host.check_output(MORE, path))

    def servers(self, path, *, sources=False, depth=0):
        """(server, file and line) of a file and of all it includes."""
        self.look_at(path)
        for number, text in sorted(self.files.get(path, [])):
            word, *rest = text.split()
            word = word.lower()
            if word in ("server", "pool", "peer") and rest:
                yield rest[0], f"{path}:{number}"
            elif word in ("include", "confdir", "sourcedir") and not sources and depth < 10:
                for each in self.included(word, rest):
                    yield from self.servers(each, sources=word == "sourcedir", depth=depth + 1)

    def included(self, word, rest):
        """The files that a directive reads, of those that say anything."""
        if word == "include":
            plain = re.split(r"[*?\[]", rest[0])[0]
            self.look_at(rest[0] if plain == rest[0] else str(PurePosixPath(f"{plain}x").parent))
            return sorted(path for path in list(self.files) if _fits(path, rest[0]))
        suffix, found = {"confdir": ".conf", "sourcedir": ".sources"}[word], {}
        for folder in reversed([each.rstrip("/") for each in rest]):
            self.look_at(folder)
            inside = [path for path in self.files if path.rpartition("/")[0] == folder and path.endswith(suffix)]
            found |= {path.rpartition("/")[2]: path for path in inside}
        return [found[name] for name in sorted(found)]


def _of_unit(path):
    return not path.startswith("/usr/"), path


def _fits(path, pattern):
    parts, signs = path.split("/"), pattern.split("/")
    return len(parts) == len(signs) and all(map(fnmatchcase, parts, signs))


def chrony(host):
    """Whom chronyd asks: what its files say, all together."""
    files = Chrony(host, ["/etc/chrony", "/run/chrony-dhcp"])
    return list(files.servers(files.main()))


AT_BOOT = ("enabled", "enabled-runtime", "static", "generated", "alias", "linked", "indirect")
LAST = "zz-opsharden.conf"


@pytest.mark.control("time-single")
def test_one_service(values, units, excused, needed_by):
    declared = f"{values['time_service']}.service"
    mismatches = []
    for name, unit in units.items():
        state = f"{unit['UnitFileState'] or unit['LoadState']} and {unit['ActiveState']}"
        if name == declared:
            runs = unit["ActiveState"] == "active" or excused(unit)
            if unit["UnitFileState"] != "enabled" or not runs:
                mismatches.append(Mismatch(name, state, "enabled and active", by_hand=kept_from(unit)))
        elif unit["UnitFileState"] in AT_BOOT or unit["ActiveState"] in ("active", "activating", "reloading"):
            why = needed(name.removesuffix(".service"), needed_by, values) if declared not in units else ""
            found = f"{state}, a second time service"
            mismatches.append(Mismatch(name, found, "disabled and inactive", by_hand=why))
    if declared not in units:
        mismatches.append(Mismatch(declared, "not installed", "enabled and active"))
    assert mismatches == []


def needed(package, needed_by, values):
    """Why the declared service cannot take the place of another; empty where it can."""
    if users := [user for user in needed_by(package) if user not in values["time_may_remove"]]:
        others = ", ".join(users)
        return f"Replacing {package} would take along {others}: remove that first, or name it in time_may_remove."
    return ""


def kept_from(unit):
    """Why an enabled service that was started does not run; empty where a start may help."""
    if unit["UnitFileState"] == "enabled" and unit["ActiveState"] == "inactive" and unit["ConditionResult"] == "no":
        return f"A condition of {unit['Id']} may keep it from starting: `systemctl status {unit['Id']}` names it."
    return ""


@pytest.mark.control("time-source")
def test_servers(values, units, asked_by):
    service, wanted = values["time_service"], values["time_servers"]
    wanted = [word.strip() for word in wanted.split(",")] if isinstance(wanted, str) else wanted
    if f"{service}.service" not in units:
        mismatches = [Mismatch(service, "not installed, so it asks nobody", f"asks {', '.join(wanted)}")]
    else:
        asked = asked_by(service)
        mismatches = [
            Mismatch(name, "asked", "not asked", where, left(where)) for name, where in asked if name not in wanted
        ]
        missing = set(wanted) - {name for name, _ in asked}
        mismatches += [Mismatch(name, "not asked", "asked") for name in wanted if name in missing]
    assert mismatches == []


def left(where):
    """Why apply leaves a line that names a server; empty where it does not."""
    if where.startswith("/run/systemd/netif/"):
        return (
            f"The network names this server ({where}): set UseNTP=no under [DHCPv4] and [DHCPv6], or take NTP= out, in "
            "the .network file of this link, which apply does not change."
        )
    path = where.rpartition(":")[0]
    folder, _, name = path.rpartition("/")
    ours = (folder.endswith("timesyncd.conf.d") and name < LAST) or name == "timesyncd.conf"
    if path.startswith("/etc/") or ours or folder == "/run/chrony-dhcp":
        return ""
    return f"{where} does not lie in /etc, so apply leaves it: take the line out, or what includes it."
