"""The time services there are, and whom the one that counts asks.

All in one file: pytest loads a conftest.py by the name of its folders, and would put this role, `time`, in the place of
Python's own module of that name.
"""

import re
from fnmatch import fnmatchcase
from pathlib import PurePosixPath

import pytest

from opsharden.model import Mismatch
from opsharden.probe.reading.found import WHAT, looked
from opsharden.probe.reading.systemd import in_order, split

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

# All files that may count, and what networks told. systemd itself is not asked, since it would wait at a pipe.
MAINS = tuple(f"{root}/systemd/timesyncd.conf" for root in ("/etc", "/run", "/usr/local/lib", "/usr/lib"))
TIMESYNCD = (
    f"find -L {' '.join(f'{main} {main}.d' for main in MAINS)} -maxdepth 1 {WHAT} "
    "-type f -exec grep -aHnE '^[^#;]' {} +"
)
LINKS = "grep -rsnH '^NTP=' /run/systemd/netif/links || test $? -le 2"

WORDS = "'^[[:space:]]*(server|pool|peer|confdir|sourcedir|include)[[:space:]]|^[[:space:]]*(ExecStart|DAEMON_OPTS)='"
CHRONY = (
    "find -L /etc/chrony /run/chrony-dhcp /etc/default/chrony /usr/lib/systemd/system/chrony.service "
    f"/etc/systemd/system/chrony.service /etc/systemd/system/chrony.service.d {WHAT} "
    f"-type f -exec grep -aHniE {WORDS} {{}} +"
)
MORE = re.sub("%(?!s)", "%%", f"find -L %s {WHAT} -type f -exec grep -aHniE {WORDS} {{}} +")


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
    """Whom a service asks: (server, file and line); and what it reads and is no file, in words by its path."""
    return lambda service: {"systemd-timesyncd": timesyncd, "chrony": chrony}[service](host)


def timesyncd(host):
    """Whom systemd-timesyncd asks: what its files say, one after the other, and what networks told."""
    found = looked(host.run(TIMESYNCD), "Whom systemd-timesyncd asks")
    paths = [*[main for main in MAINS if main in found.kinds][:1], *in_order(found, "systemd/timesyncd.conf.d")]
    said = {"NTP": [], "FallbackNTP": []}
    for path in filter(lambda path: readable(found, path), paths):
        section = ""
        for number, line in found.lines.get(path, ()):
            section = line.strip() if line.strip().startswith("[") else section
            option = re.fullmatch(r"\s*(NTP|FallbackNTP)\s*=(.*)", line)
            if option and section == "[Time]":
                names = [(name, f"{path}:{number}") for name in option[2].split()]
                said[option[1]] = [*said[option[1]], *names] if names else []
    links = [line.split(":", 2) for line in host.check_output(LINKS).splitlines()]
    told = [(name, f"{path}:{at}") for path, at, text in links for name in text.partition("=")[2].split()]
    # It passes over folders; in the place of apply's own file one is amiss.
    odd = {path: what for path in paths if (what := found.odd(path)) and (what != "a folder" or path == OWN)}
    return [*said["NTP"], *told] or said["FallbackNTP"], odd


def readable(found, path):
    """Whether a service that is not root can read a drop-in; the folders of the main files are open to all."""
    return bool(found.modes[path] & 0o004) and found.modes.get(path.rpartition("/")[0], 0o755) & 0o005 == 0o005


class Chrony:
    """What chronyd reads, out of the lines of its files that name servers or other files."""

    def __init__(self, host, looked_at):
        self.host, self.files, self.kinds, self.seen = host, {}, {}, set(looked_at)
        self.odd = {}
        self.add(host.run(CHRONY))

    def add(self, answer):
        """Take what find and grep found."""
        found = looked(answer, "Whom chronyd asks")
        for path in found.kinds:
            self.kinds[path] = found.odd(path)
            self.files[path] = [(number, text.strip()) for number, text in found.lines.get(path, ())]

    def main(self):
        """The file chronyd is started with."""
        starts = [
            text for path in sorted(self.files, key=_of_unit) if ".service" in path for _, text in self.files[path]
        ]
        given = [text.partition("=")[2].strip() for text in starts if text.startswith("ExecStart=")]
        start = given[-1] if given else ""
        options = [text.partition("=")[2] for _, text in self.files.get("/etc/default/chrony", [])]
        if "$DAEMON_OPTS" in start and options:
            # What its quotes hold is split once more.
            start = " ".join([start, *(word for each in split(options[-1]) for word in split(each))])
        named = re.search(r"\s-f\s*(\S+)", start)
        return named[1] if named else "/etc/chrony/chrony.conf"

    def look_at(self, path):
        """See to it that a file or folder was looked at."""
        if not any(path == seen or path.startswith(f"{seen}/") for seen in self.seen):
            self.seen.add(path)
            self.add(self.host.run(MORE, path))

    def servers(self, path, *, sources=False, depth=0):
        """(server, file and line) of a file and of all it includes."""
        self.look_at(path)
        if self.kinds.get(path):
            self.odd[path] = self.kinds[path]
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
    return list(files.servers(files.main())), files.odd


AT_BOOT = ("enabled", "enabled-runtime", "static", "generated", "alias", "linked", "indirect")
LAST = "zz-opsharden.conf"
OWN = f"/etc/systemd/timesyncd.conf.d/{LAST}"


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
        asked, odd = asked_by(service)
        by_hand = "{} is {}, and whom it names nobody can tell: take it away, or put a file in its place."
        mismatches = [Mismatch(path, what, "a file", by_hand=by_hand.format(path, what)) for path, what in odd.items()]
        mismatches += [
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
