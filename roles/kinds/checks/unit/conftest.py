"""What the checks of this folder look at: units as systemd has them, and the files they come from."""

import re
from pathlib import PurePosixPath
from typing import NamedTuple

import pytest

from opsharden.errors import Unanswered
from opsharden.model import Mismatch
from opsharden.probe.reading.found import WHAT, looked

# Of systemd.unit(5), UNIT FILE LOAD PATH, where files of packages and administrators lie; the first one counts.
ROOTS = [f"{root}/systemd/system" for root in ("/etc", "/run", "/usr/local/lib", "/usr/lib")]
_ALL = re.sub("%(?!s)", "%%", WHAT)
FILES = f"find -L {' '.join(ROOTS)} -maxdepth 1 -name %s {_ALL}"
SHOW = (
    "systemctl show --property=Id,LoadState,ActiveState,SubState,UnitFileState,FragmentPath,SourcePath,DropInPaths,"
    "ConditionResult,AssertResult,WantedBy,RequiredBy,TriggeredBy %s"
)
# Whether anybody ever tried to start it; when is no matter.
TRIED = "systemctl show --property=ConditionTimestampMonotonic %s | sed -E 's/=[1-9][0-9]*/=yes/'"
CONDITIONS = (
    rf"find -L %s -maxdepth 0 {_ALL} -type f -exec grep -aHnE '^[[:space:]]*(Condition|Assert)[A-Za-z]+[[:space:]]*=' "
    "{} +"
)
OWNER = "dpkg-query --search %s"
STATUS = "dpkg-query --show --showformat='${db:Status-Status}' %s"
RUNS = ("active", "reloading", "refreshing")
LOOSE = ("static", "indirect", "generated")  # states of files that do not say whether anything starts them


class Unit(NamedTuple):
    """A unit: what systemd says of it, and what stands in its folders under its name (`found.Found`'s letters)."""

    name: str
    said: dict[str, str]
    files: dict[str, str]

    @property
    def masked(self):
        """Whether it is a link to /dev/null or an empty file, so that nothing can start it."""
        return self.said["LoadState"] == "masked"

    @property
    def own(self):
        """The files that hold something, the highest first; of a mask, those that it hides."""
        masks = (self.said["FragmentPath"], f"/usr{self.said['FragmentPath']}") if self.masked else ()
        return [path for path, kind in self.files.items() if kind == "f" and path not in masks]

    @property
    def runs(self):
        """Whether it runs. Of an old init script "active (exited)" says that it was called, not that anything runs."""
        old = self.said["UnitFileState"] == "generated" and self.said["SubState"] == "exited"
        return self.said["ActiveState"] in RUNS and not old

    @property
    def pulled(self):
        """Whether it starts with the host by its own."""
        state = self.said["UnitFileState"]
        return state == "enabled" or (state in LOOSE and bool(self.said["WantedBy"] or self.said["RequiredBy"]))

    @property
    def at_boot(self):
        """Whether it starts with the host, or what triggers it does."""
        return self.pulled or (self.said["UnitFileState"] in LOOSE[:2] and bool(self.said["TriggeredBy"]))

    def __str__(self):
        state = self.said["UnitFileState"] or self.said["LoadState"]
        nobody = " and wanted by nothing" if state in LOOSE and not self.at_boot else ""
        old = " (exited)" if self.said["ActiveState"] in RUNS and not self.runs else ""
        return f"{state}{nobody}, {self.said['ActiveState']}{old} now"


@pytest.fixture
def units(host):
    """Of some units, those that are on the host; one that is only masked, or left behind by a package, is not."""

    def look(names):
        found = {}
        for name in names:
            files = looked(host.run(FILES, name), "Where units lie").kinds
            if pipes := [path for path, kind in files.items() if kind == "p"]:
                raise Unanswered(f"{pipes[0]} is a pipe, and systemd would wait there for good: take it away.")
            said = dict(line.split("=", 1) for line in host.check_output(SHOW, name).splitlines())
            found.setdefault(said["Id"], Unit(said["Id"], said, dict(sorted(files.items(), key=_rank))))
        return [unit for unit in found.values() if _there(host, unit)]

    return look


def _rank(file):
    return ROOTS.index(str(PurePosixPath(file[0]).parent))


def _there(host, unit):
    if unit.said["LoadState"] in ("masked", "not-found"):
        return bool(unit.own) or unit.said["ActiveState"] in RUNS
    if unit.said["UnitFileState"] != "generated" or (unit.runs and unit.said["SubState"] == "running"):
        return True
    # The init script of a package that was removed stays, and systemd makes a unit of it.
    owner = host.run(OWNER, unit.said["SourcePath"]).stdout.partition(":")[0]
    return not owner or host.run(STATUS, owner).stdout == "installed"


@pytest.fixture
def kept(host):
    """Why apply will not have a unit run, and the file that says so; empty where it will."""

    def look(unit):
        name, path = unit.name, unit.said["FragmentPath"]
        if unit.masked:
            return (
                f"{path} masks {name}, and apply starts nothing that was masked: take that away "
                f"(`systemctl unmask {name}`), or the program.",
                path,
            )
        odd = next((file for file, kind in unit.files.items() if kind not in "fn"), "")
        if unit.said["LoadState"] != "loaded" or unit.said["UnitFileState"] in ("bad", ""):
            what = f"{odd} hides {unit.own[0]}" if odd and unit.own else f"systemd cannot work with {name}"
            return f"{what}: take away what is no file of a unit, or mend it; `systemctl status {name}` says more.", odd
        if unit.said["UnitFileState"] == "transient":
            return f"{name} has no file (systemd-run), so nothing can start it with the host: write one.", path
        if not unit.at_boot and unit.said["UnitFileState"] in LOOSE[:2]:
            return f"{path} does not say under [Install] when {name} is to start, so it cannot be enabled.", path
        return _held_back(host, unit) if not unit.runs else ("", "")

    return look


def _held_back(host, unit):
    """The conditions of a unit that were not met when it was started last."""
    met = unit.said["ConditionResult"] != "no" and unit.said["AssertResult"] != "no"
    if met or not host.check_output(TRIED, unit.name).strip().endswith("=yes"):
        return "", ""
    paths = [unit.said["FragmentPath"], *unit.said["DropInPaths"].split()]
    lines = [looked(host.run(CONDITIONS, path), "What a unit waits for").lines.get(path, ()) for path in paths]
    places = {
        f"{path}:{number}": text.strip() for path, each in zip(paths, lines, strict=True) for number, text in each
    }
    named = " and ".join(f"{text} in {place}" for place, text in places.items()) or "`systemctl status` names it"
    said = f"A condition keeps {unit.name} from starting ({named}): meet it, or take it out."
    return said, next(reversed(places), "")


@pytest.fixture
def not_running(host, units, kept):
    """Where none of some units runs now and starts with the host; None where no host has to have them."""

    def look(name, wanted):
        there = units([name, *wanted.get("or", ())])
        if not there and "package" not in wanted:
            return None
        if not there:
            return [Mismatch(name, "not installed", "enabled, active now", by_hand=_brings_none(host, name, wanted))]
        if any(unit.runs and unit.at_boot for unit in there):
            return []
        left = {unit.name: kept(unit) for unit in there}
        # What can be helped comes first, and of that what does the work already.
        unit = min(there, key=lambda each: (bool(left[each.name][0]), not each.runs, not each.at_boot))
        by_hand, where = left[unit.name]
        return [Mismatch(unit.name, str(unit), "enabled, active now", where, by_hand)]

    return look


def _brings_none(host, name, wanted):
    """Why installing its package will not bring a unit; empty where it will."""
    if host.run(STATUS, wanted["package"]).stdout != "installed":
        return ""
    again = f"`apt-get install --reinstall {wanted['package']}`"
    return f"{wanted['package']} is installed and brings no {name}: {again} may bring it back."


@pytest.fixture
def not_off(units):
    """What of a unit runs, or starts it."""

    def look(name, _):
        there = units([name])
        there += [each for unit in there if not unit.masked for each in units(unit.said["TriggeredBy"].split())]
        up = [unit for unit in there if unit.pulled or unit.said["ActiveState"] not in ("inactive", "failed")]
        return [Mismatch(unit.name, str(unit), "off", by_hand=_stays(unit)) for unit in up]

    return look


def _stays(unit):
    """Why apply cannot keep a unit from starting; empty where it can."""
    path = unit.said["FragmentPath"]
    if unit.said["UnitFileState"] not in LOOSE[:2] or not path.startswith("/etc/"):
        return ""
    return f"{path} is in the place where a mask would stand, so apply leaves {unit.name}: take the file away."


@pytest.fixture
def not_single(units):
    """Units of which one is enough."""

    def look(name, wanted):
        at_work = [unit for unit in units([name, *wanted["or"]]) if unit.runs or unit.at_boot]
        if len(at_work) < 2:
            return []
        names = " and ".join(unit.name for unit in at_work)
        by_hand = f"Which of {names} is to stay, apply cannot know: `systemctl disable --now` the other."
        states = ", ".join(f"{unit.name} {unit}" for unit in at_work)
        return [Mismatch(names, f"side by side ({states})", "one of them", by_hand=by_hand)]

    return look
