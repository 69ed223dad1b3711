"""What the checks of this folder look at: sudo's settings, all its files read, in the order in which they count.

sudo's own cvtsudoers reads what they say. Where it stands, and which files sudo passes over, is looked up beside it.
"""

import functools
import json
import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from types import MappingProxyType

import pytest

from opsharden.errors import Unanswered
from opsharden.model import Mismatch
from opsharden.probe.reading.found import NAMES
from opsharden.probe.reading.wanting import Rule, meant

MAIN = "/etc/sudoers"
OURS = "/etc/sudoers.d/zz-opsharden"
THERE = "test -e /usr/bin/sudo"
ANYWAY = "cvtsudoers -e -f json -s aliases,privileges /etc/sudoers"
# It waits at a pipe that a line includes by name; sudo itself passes over such a thing, and over pipes in a folder. So
# where there is one, find fails first.
ENTRIES = f"find -L /etc/sudoers /etc/sudoers.d -maxdepth 1 -type p -exec false {{}} + && {ANYWAY}"
# What is included by name and is no file.
NO_FILE = "find -L %s -maxdepth 0 ! -type f -printf '%%y'"
# Settings may be continued in further lines: the first one names what is set for whom, and is the place.
WRITTEN = "grep -RHnE --devices=skip '^[[:space:]]*(Defaults|[@#]include)' /etc/sudoers /etc/sudoers.d"
WRITTEN_IN = "find -L %s -type f -exec grep -HnE '^[[:space:]]*(Defaults|[@#]include)' {} +"
# Files that sudo passes over, as sudoers(5) says, while cvtsudoers reads them.
REFUSED = r"find -L /etc/sudoers /etc/sudoers.d -type f \( ! -user root -o -perm -002 -o -perm -020 ! -group root \)"
REFUSED_IN = r"find -L %s -maxdepth 1 -type f \( ! -user root -o -perm -002 -o -perm -020 ! -group root \)"
FILE_OR_NOTHING = "test ! -e /etc/sudoers.d/zz-opsharden || test -f /etc/sudoers.d/zz-opsharden"
VERSION = "dpkg-query -W -f '${Version}' %s"
NAME = "hostname"
A_FILE = "test ! -e %s || test -f %s"
# A file there is lost at the next start, or at once.
NOT_KEPT = ("/dev/", "/proc/", "/run/", "/sys/", "/tmp/", "/var/tmp/")  # noqa: S108 - where no log is to be
DEFAULTS = {"log_allowed": True, "log_denied": True, "timestamp_timeout": "15"}
"""What sudo works with where no file says anything, as Debian builds it (`sudo -V`)."""

_INCLUDE = re.compile(r'[@#]include(?P<folder>dir)?\s+(?:"(?P<quoted>[^"]+)"|(?P<plain>(?:\\.|\S)+))')
_KINDS = {"": "", ":": "for", ">": "as", "@": "on", "!": "for the command"}


@dataclass(frozen=True)
class Entry:
    """One line of Defaults.

    Attributes:
        kind: The sign of its binding: `:` user, `>` target user, `@` host, `!` command; empty for everyone.
        who: To whom, in words.
        options: Name -> value.
        place: Where it stands, as `path:line`; empty where that is not known.
    """

    kind: str
    who: str
    options: Mapping[str, object]
    place: str

    @property
    def path(self) -> str:
        """Its file."""
        return self.place.rpartition(":")[0]


FLAG = Rule("set", lambda found: found is True, shown=lambda found: "set" if found is True else "not set")


@dataclass(frozen=True)
class Settings:
    """sudo's settings.

    Attributes:
        entries: In the order in which sudo reads them.
        passed_over: Those of files that sudo passes over, since others than root own or can write them.
        no_place: Why apply cannot write the role's own file; empty where it can.
    """

    entries: tuple[Entry, ...]
    passed_over: tuple[Entry, ...]
    no_place: str = ""

    def everyone(self, name: str) -> Entry | None:
        """The last word for everyone; none where no file says anything."""
        return next((each for each in reversed(self.entries) if name in each.options and not each.kind), None)

    def is_ours(self, entry: Entry | None) -> bool:
        """Whether it stands in the role's own file."""
        return entry is not None and entry.path == OURS

    def exceptions(self, name: str) -> Iterator[Entry]:
        """What holds for some: the last word for each, where nothing for everyone stands behind. Commands come last."""
        found: dict[tuple[str, str], Entry] = {}
        for each in self.entries:
            if name not in each.options:
                continue
            if not each.kind:
                found = {who: one for who, one in found.items() if one.kind == "!"}
            else:
                found.pop((each.kind, each.who), None)
                found[each.kind, each.who] = each
        yield from found.values()

    def amiss(self, name: str, rule: Rule, default: object) -> list[Mismatch]:
        """Where a setting is not as a rule has it: for everyone, and for some."""
        found = []
        last = self.everyone(name)
        value, place = (last.options[name], last.place) if last else (default, "")
        if not rule.holds(value):
            shown = f"{rule.shown(value)}{self._hint(name)}"
            found.append(Mismatch(name, shown, rule.wanted, place, self.no_place))
        elif last and last.path == OURS:
            hidden = [each for each in self.entries if name in each.options and not each.kind and each.path != OURS]
            found += [
                Mismatch(name, rule.shown(value), f"{rule.shown(each.options[name])}, as {each.place} has it", place)
                for each in hidden[-1:]
                if rule.holds(each.options[name]) and rule.stricter(each.options[name], value)
            ]
        for each in self.exceptions(name):
            if not rule.holds(each.options[name]):
                where = each.place or "one of sudo's files"
                by_hand = f"{where} sets {name} for a command, which beats all other settings: change it there."
                what = f"{name} {_KINDS.get(each.kind, 'for')} {each.who}"
                said = rule.shown(each.options[name])
                found.append(
                    Mismatch(what, said, rule.wanted, each.place, by_hand if each.kind == "!" else self.no_place)
                )
        return found

    def _hint(self, name: str) -> str:
        files = dict.fromkeys(each.path for each in self.passed_over if name in each.options)
        return f" (sudo passes over {', '.join(files)}, since others can write there)" if files else ""


@functools.lru_cache(
    maxsize=64
)  # every check of a host reads the same, and many hosts say the same; nothing changes it
def _entries(said: str) -> tuple[tuple[str, str, Mapping[str, object]], ...]:
    """Kind, whom and options of each line of Defaults; users and target users look alike here."""
    found = []
    for entry in json.loads(said).get("Defaults", ()):
        options = {
            name: value for option in entry["Options"] for name, value in option.items() if name not in ("operation",)
        }
        bound = entry.get("Binding", ())
        kinds = {name for each in bound for name in each if name != "negated"}
        who = ", ".join(
            f"{'all but ' if each.get('negated') else ''}{name} {value}"
            for each in bound
            for name, value in each.items()
            if name != "negated"
        )
        kind = "!" if "command" in kinds else "@" if kinds & {"hostname", "networkaddr", "hostalias"} else ":"
        everyone = not bound or (
            len(bound) == 1 and list(bound[0].items()) in ([("username", "ALL")], [("hostname", "ALL")])
        )
        found.append(("" if everyone else kind, who, MappingProxyType(options)))
    return tuple(found)


class Places:
    """Where each line of Defaults stands, in the order in which sudo reads them."""

    def __init__(self, host: object) -> None:
        self._host = host
        self._files = self._written(host.run(WRITTEN))
        self.named: dict[str, str] = {}
        self.refused = _answered(host.run(REFUSED), MAIN).splitlines()

    def of(self, path: str = MAIN, depth: int = 0) -> Iterator[tuple[str, str]]:
        """Place and text of each."""
        for number, text in self._files.get(path, ()):
            named = _INCLUDE.match(text)
            if not named:
                yield f"{path}:{number}", text
            elif depth < 16:
                other = posixpath.join(
                    posixpath.dirname(path), named["quoted"] or re.sub(r"\\(.)", r"\1", named["plain"])
                )
                if not named["folder"]:
                    self.named.setdefault(other, f"{path}:{number}")
                self._look_at(other)
                paths = self._in(other) if named["folder"] else [other]
                for each in paths:
                    yield from self.of(each, depth + 1)

    def _look_at(self, path: str) -> None:
        """A file or folder that is nowhere among what was read."""
        if path in self._files or path == "/etc/sudoers.d" or path.startswith("/etc/sudoers.d/"):
            return
        self._files |= self._written(self._host.run(WRITTEN_IN, path))
        self._files.setdefault(path, [])
        self.refused += _answered(self._host.run(REFUSED_IN, path), path).splitlines()

    def _in(self, folder: str) -> list[str]:
        """Those of a folder: sudo passes over names with a dot and those that end in a tilde."""
        names = sorted(posixpath.basename(path) for path in self._files if posixpath.dirname(path) == folder)
        return [f"{folder}/{name}" for name in names if "." not in name and not name.endswith("~")]

    @staticmethod
    def _written(answer: object) -> dict[str, list[tuple[int, str]]]:
        complaints = [line for line in answer.stderr.splitlines() if not line.endswith(": No such file or directory")]
        if answer.rc > 2 or (answer.rc and complaints) or (answer.rc == 2 and not answer.stderr):
            raise Unanswered(f"sudo's files cannot be read: {' '.join(complaints) or 'grep cannot be run'}.")
        found: dict[str, list[tuple[int, str]]] = {}
        for line in answer.stdout.splitlines():
            if parts := re.fullmatch(r"(/.+?):(\d+):\s*(.*)", line):
                found.setdefault(parts[1], []).append((int(parts[2]), parts[3]))
        return found


def _answered(answer: object, path: str) -> str:
    if answer.rc != 0 and "No such file" not in answer.stderr:
        raise Unanswered(f"{path} cannot be looked at: {answer.stderr.strip()}.")
    return answer.stdout


@pytest.fixture
def settings(host) -> Settings:
    """All settings that sudo works with."""
    there = host.run(THERE)
    if there.rc == 1:
        pytest.skip("sudo is not installed, so it has no settings")
    places = Places(host)
    written = list(places.of())
    assert [*_odd(host, places.named)] == []
    said = host.run(ENTRIES)
    said = host.run(ANYWAY) if said.rc == 1 else said
    if there.rc != 0 or said.rc != 0:
        why = (there.stderr if there.rc else said.stderr).strip().splitlines()
        raise Unanswered(f"sudo's settings cannot be read: {why[0] if why else 'cvtsudoers cannot be run'}.")
    entries = _entries(said.stdout)
    refused = tuple(places.refused)
    if len(entries) != len(written):
        if refused:
            raise Unanswered(
                f"sudo passes over {', '.join(refused)}, and what it works with cannot be told from the rest."
            )
        written = [("", "")] * len(entries)
    found: dict[bool, list[Entry]] = {True: [], False: []}
    for (kind, who, options), (place, text) in zip(entries, written, strict=True):
        target = text.removeprefix("Defaults").startswith(">")
        entry = Entry(">" if kind == ":" and target else kind, who, options, place)
        if not _elsewhere(host, entry):
            found[entry.path in refused].append(entry)
    return Settings(tuple(found[False]), tuple(found[True]), _no_place(host))


def _odd(host: object, named: Mapping[str, str]) -> Iterator[Mismatch]:
    """What lines include by name and is no file: sudo passes over it, and who reads all its files cannot."""
    for path, place in named.items():
        if what := NAMES.get(_answered(host.run(NO_FILE, path), path).strip(), ""):
            by_hand = f"{place} includes {path}, which is {what}: take the line out, or put a file in its place."
            yield Mismatch(path, what, "a file", place, by_hand)


def _no_place(host: object) -> str:
    """Why apply cannot write the role's own file; empty where it can."""
    there = host.run(FILE_OR_NOTHING)
    if there.rc > 1:
        raise Unanswered(f"Whether {OURS} is a file cannot be seen: {there.stderr.strip()}.")
    if there.rc == 0:
        return ""
    what = NAMES.get(_answered(host.run(NO_FILE, OURS), OURS).strip(), "no file")
    return f"{OURS} is {what}, where apply puts what does not hold: take it away."


def _elsewhere(host: object, entry: Entry) -> bool:
    """Whether it is bound to other hosts by name, as where one file is given to many."""
    names = [name.removeprefix("hostname ") for name in entry.who.split(", ")]
    if entry.kind != "@" or not all(name.startswith("hostname ") for name in entry.who.split(", ")):
        return False
    own = _answered(host.run(NAME), NAME).strip().lower()
    return not any(fnmatchcase(each, name.lower()) for name in names for each in (own, own.split(".")[0]))


@pytest.fixture
def amiss(host, settings, values):
    """Where an option is not as a control wants it: for everyone, and for some."""

    def look(option: str, wanted: Mapping[str, object]) -> list[Mismatch]:
        ((way, value),) = meant(wanted, values).items()
        if way == "kept":
            return _not_kept(host, settings, option, value)
        if way == "at_most":
            return settings.amiss(option, _minutes(int(value)), DEFAULTS[option])
        by_default = DEFAULTS.get(option, False)
        if option == "use_pty":
            by_default = settings.everyone(option) is None and _own_terminal(host)
        return settings.amiss(option, FLAG, by_default)

    return look


def _own_terminal(host: object) -> bool:
    """Whether this sudo gives each command a terminal of its own where no file says anything: since 1.9.14 it does."""
    for package in ("sudo", "sudo-ldap"):
        said = host.run(VERSION, package)
        if said.rc > 1:
            raise Unanswered(f"Which sudo is installed cannot be seen: {said.stderr.strip()}.")
        if said.stdout:
            break
    version = re.match(r"(?:\d+:)?(\d+)\.(\d+)\.(\d+)", said.stdout)
    return bool(version) and tuple(map(int, version.groups())) >= (1, 9, 14)


def _minutes(limit: int) -> Rule:
    """So many minutes at most; a negative number means never."""
    return Rule(
        f"0 to {limit} minutes",
        lambda found: 0 <= float(found) <= limit,
        lambda found, than: float(found) < float(than),
        lambda found: f"{found or 0} minutes",
    )


def _not_kept(host: object, settings: Settings, option: str, declared: str) -> list[Mismatch]:
    """Any file that is kept will do: which one is the administrator's. Ours is the one declared."""

    def kept(path: object) -> bool:
        if not isinstance(path, str) or not path.startswith("/") or path.startswith(NOT_KEPT):
            return False
        there = host.run(A_FILE, path, path)
        if there.rc > 1:
            raise Unanswered(f"Whether {path} is a file cannot be seen: {there.stderr.strip()}.")
        return there.rc == 0

    shown = Rule(f"a file that is kept, such as {declared}", kept, shown=lambda found: found or "no file")
    found = settings.amiss(option, shown, False)
    last = settings.everyone(option)
    if not found and settings.is_ours(last) and last.options[option] != declared:
        return [Mismatch(option, last.options[option], declared, last.place)]
    return found
