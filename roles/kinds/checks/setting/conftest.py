"""What the checks of this folder look at: the files of programs, in the order in which each program reads them.

What the programs are is in `programs.yml` of this role, which the module of the kind is given, too. How files are read
is written here anew, so that a slip in one shows in the other.
"""

import functools
import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from opsharden.errors import Unanswered
from opsharden.model import Mismatch
from opsharden.probe.reading.found import WHAT, Found, looked
from opsharden.probe.reading.meanings import meaning, rule_of
from opsharden.probe.reading.wanting import Rule, meant

OWN = "zz-opsharden.conf"  # where apply puts what does not hold otherwise
INSTALLED = "dpkg-query -W -f '${db:Status-Status}' %s"
LOADED = "systemctl show --property=LoadState --value %s"
REAL = "readlink -f %s"
LONGEST = 1022  # characters that libpwquality reads of a line
NO_TEXT = re.compile(r"\\x[89a-f][0-9a-f]")  # how bytes that are no UTF-8 are kept
_PLAIN = "^[[:space:]]*[^#[:space:]]"


def _grep(pattern: str) -> str:
    return f"{WHAT} -type f -exec grep -aHnE '{pattern}' {{}} +"


def _handed(command: str) -> str:
    """A command that testinfra puts paths into."""
    return re.sub("%(?!s)", "%%", command)


PAM = f"find -L /etc/pam.d -maxdepth 1 {_grep(_PLAIN)}"
# What counts of a file: in systemd's syntax an empty line ends a value that goes on; a line too long ends all reading.
OF_SYSTEMD = _handed(f"find -L {'%s ' * 8}-maxdepth 1 -name '*.conf' {_grep('^[[:space:]]*($|[^#;[:space:]])')}")
OF_PWQUALITY = _handed(f"find -L %s %s -maxdepth 1 -name '*.conf' {_grep(f'{_PLAIN}|^.{{1023}}')}")
OF_LIMITS = _handed(f"find -L %s %s -maxdepth 1 -name '*.conf' {_grep(_PLAIN)}")
OF_LOGIN_DEFS = _handed(f"find -L %s -maxdepth 0 {_grep(_PLAIN)}")


@functools.cache
def programs() -> Mapping[str, Any]:
    """The table."""
    return yaml.safe_load((Path(__file__).parents[2] / "programs.yml").read_text(encoding="utf-8"))


@dataclass(frozen=True)
class Said:
    """What a line says.

    Attributes:
        who: For whom; empty for everyone.
        key: The setting.
        value: As it is written.
        path: Its file; empty for what holds where no file says anything.
        number: Of its first line.
    """

    who: str
    key: str
    value: Any
    path: str = ""
    number: int = 0

    @property
    def place(self) -> str:
        """Where it stands."""
        return f"{self.path}:{self.number}" if self.path else ""


class NoFurther(Exception):  # noqa: N818 - a program gives up here
    """A line at which reading ends."""


def _of_systemd(lines, program):
    """See systemd.syntax(7): a backslash goes on in the next line, comments between are passed over."""
    section, begun, start = None, "", 0
    for number, line in [*lines, (0, "")]:
        start = start if begun else number
        whole = begun + (line.removeprefix("\ufeff") if number == 1 else line).rstrip("\r")
        if (len(whole) - len(whole.rstrip("\\"))) % 2:
            begun = f"{whole[:-1]} "
            continue
        begun, whole = "", whole.strip()
        if NO_TEXT.search(whole) or (whole[:1] == "[" and whole[-1] != "]"):
            raise NoFurther(start)
        name, equals, value = whole.partition("=")
        if whole[:1] == "[":
            section = whole[1:-1]
        elif equals and section == program["section"]:
            yield start, "", name.rstrip(), value.lstrip()


def _of_pwquality(lines, program):
    """See pwquality.conf(5): name, blanks or one equals sign, value."""
    for number, line in lines:
        text = line.split("#")[0].strip()
        end = next((place for place, sign in enumerate(text) if sign.isspace() or sign == "="), len(text))
        name, value = text[:end].lower(), text[end:].lstrip()
        value = value.removeprefix("=").lstrip()
        kind = program["settings"].get(name)
        if len(line) > LONGEST or (text and (not kind or meaning(kind, value) is None)):
            raise NoFurther(number)
        if text:
            yield number, "", name, value


def _of_login_defs(lines, program):
    """See login.defs(5): PAM takes a name in any case and `=` for a blank, shadow takes all behind it for its value."""
    known = {name.upper(): name for name in program["settings"]}
    for number, line in lines:
        words = line.split("#")[0].replace("=", " ").split()
        name = known.get(words[0].upper()) if words else None
        if name:
            first, _, rest = line.lstrip(" \t").replace("\t", " ").partition(" ")
            yield number, "", name, rest.strip(" ") if first == name else line.strip(" \t")


def _of_limits(lines, _):
    """See limits.conf(5): domain, type, item, value; the type `-` is both."""
    for number, line in lines:
        words = line.split("#")[0].split()
        if len(words) > 3:
            who, which, item, value = words[:4]
            for each in ("soft", "hard") if which == "-" else (which.lower(),):
                yield number, "" if who == "*" else who, f"{each} {item.lower()}", value.lower()


_READERS = {
    "systemd": _of_systemd,
    "pwquality": _of_pwquality,
    "login.defs": _of_login_defs,
    "limits": _of_limits,
}


class Files:
    """A program's files.

    Attributes:
        own: Where apply puts what does not hold otherwise.
        found: What is at its paths.
        order: The paths that it reads, in its order.
        ended: Where it gives up reading and why; empty where it does not.
        ended_at: The file in which it does.
        said: All that they say up to there.
    """

    def __init__(self, program: Mapping[str, Any], found: Found, lasting: bool = False) -> None:
        self.own = f"{program['folders'][0]}/{OWN}" if program["folders"] else program["main"][0]
        self.found, self._program = found, program
        self.ended = self.ended_at = ""
        self.order = self._in_order(lambda path: lasting and path.startswith("/run/"))
        self.said = [each for path in self.order for each in self._of(path)]

    def _in_order(self, left_out) -> list[str]:
        mains = [path for path in self._program["main"] if not left_out(path)]
        main = [path for path in mains if path in self.found.kinds][:1]
        by_name: dict[str, str] = {}
        for path in self.found.kinds:
            folder, _, name = path.rpartition("/")
            folders = self._program["folders"]
            hidden = name.startswith(".") and self._program["syntax"] != "pwquality"
            if folder in folders and not left_out(path) and not hidden:
                there = by_name.get(name, "").rpartition("/")[0]
                by_name[name] = path if not there or folders.index(folder) < folders.index(there) else by_name[name]
        rest = [by_name[name] for name in sorted(by_name)]
        return [*rest, *main] if self._program.get("main_last") else [*main, *rest]

    def _of(self, path: str) -> Iterator[Said]:
        what = self.found.odd(path)
        if what and self._program["syntax"] == "systemd" and not self.ended:
            self.ended, self.ended_at = f"{path} is {what}", path
        if what or self.ended:
            return
        try:
            for number, who, key, value in _READERS[self._program["syntax"]](
                self.found.lines.get(path, ()), self._program
            ):
                yield Said(who, key, value, path, number)
        except NoFurther as line:
            self.ended, self.ended_at = f"{path}:{line} is not understood", path


def deciding(program: Mapping[str, Any], said: Sequence[Said], key: str) -> list[Said]:
    """What counts of a setting, with what the program takes where nothing is said: of login.defs(5) each line."""
    kind = program["settings"][key]
    found = [each for each in said if each.key == key and meaning(kind, each.value) is not None]
    if program["syntax"] != "login.defs":
        found = list({each.who: each for each in found}.values())
    return found if any(not each.who for each in found) else [Said("", key, kind.get("default")), *found]


@pytest.fixture
def amiss(host, values):
    """Where settings of a program are not as a control wants them."""

    def look(name: str, settings: Mapping[str, Mapping[str, Any]]) -> list[Mismatch]:
        program = programs().get(name)
        if not program:
            raise Unanswered(f"No program {name} is known; programs are {', '.join(programs())}.")
        if unknown := [key for key in settings if key not in program["settings"]]:
            raise Unanswered(f"No setting {unknown[0]} of {name} is known.")
        state = host.run(INSTALLED, program["package"])
        if state.rc not in (0, 1) or (state.rc == 1 and "no packages found" not in state.stderr):
            raise Unanswered(f"Whether {program['package']} is installed cannot be seen: {state.stderr.strip()}.")
        if not state.stdout.startswith("installed"):
            pytest.skip(f"{program['package']} is not installed, so there is nothing that {name} would be told")
        return Looked(host, name, program).amiss(settings, values)

    return look


def _found(host: Any, name: str, program: Mapping[str, Any]) -> Found:
    """What is at a program's paths."""
    paths = [*program["main"], *program["folders"]]
    if program["syntax"] == "systemd":
        answer = host.run(OF_SYSTEMD, *paths)
    elif program["syntax"] == "pwquality":
        answer = host.run(OF_PWQUALITY, *paths)
    elif program["syntax"] == "limits":
        answer = host.run(OF_LIMITS, *paths)
    else:
        answer = host.run(OF_LOGIN_DEFS, *paths)
    return looked(answer, f"What {name} is told")


class Looked:
    """What one host has of a program, and what is wrong with it."""

    def __init__(self, host: Any, name: str, program: Mapping[str, Any]) -> None:
        self._host, self._name, self._program = host, name, program
        found = _found(host, name, program)
        self._now, self._later = Files(program, found), Files(program, found, lasting=True)
        self._given = [*_given(host, program["arguments"])] if program.get("arguments") else []

    def amiss(self, settings: Mapping[str, Mapping[str, Any]], values: Mapping[str, Any]) -> list[Mismatch]:
        """All that is wrong; where nobody can tell what is said, that alone."""
        odd = [*self._unreadable()]
        return odd or [each for key, want in settings.items() for each in self._of(key, want, values)]

    def _unreadable(self) -> Iterator[Mismatch]:
        for path in self._now.order:
            if (what := self._now.found.odd(path)) in ("a pipe", "a device"):
                by_hand = f"{path} is {what}, and what it tells {self._name} nobody can say: put a file in its place."
                yield Mismatch(path, what, "a file", by_hand=by_hand)

    def _of(self, key: str, want: Mapping[str, Any], values: Mapping[str, Any]) -> Iterator[Mismatch]:
        rule = rule_of(self._program["settings"][key], self._meant(meant(want, values)))
        for files, when in ((self._now, ""), (self._later, " from the next boot on")):
            wrong = [each for each in self._deciding(files, key) if not rule.holds(each.value)]
            for each in wrong:
                whom = f"{key} for {each.who}" if each.who else key
                yield Mismatch(whom, rule.shown(each.value) + when, rule.wanted, each.place, self._by_hand(files, each))
            if wrong:
                return
        yield from self._hidden(key, rule)

    def _meant(self, want: Mapping[str, Any]) -> Mapping[str, Any]:
        for unit, other in want.get("beside", {}).items():
            said = self._host.run(LOADED, unit)
            if said.rc != 0 or not said.stdout.strip():
                raise Unanswered(f"systemd does not say whether there is {unit}: {said.stderr.strip()}.")
            if said.stdout.strip() == "loaded":
                return other
        return want

    def _deciding(self, files: Files, key: str) -> list[Said]:
        """Of the files, or what PAM gives the program's module, which beats them."""
        said = deciding(self._program, files.said, key)
        kind = self._program["settings"][key]
        found = []
        for path, number, words in self._given:
            fits = [value for name, value in words if name == key and meaning(kind, value) is not None]
            found += [Said("", key, fits[-1], path, number)] if fits else said
        return list(dict.fromkeys(found)) if self._given else said

    def _by_hand(self, files: Files, said: Said) -> str:
        """Why apply leaves it; empty where it does not."""
        path, own = said.path, files.own
        if path.startswith("/etc/pam.d/"):
            return f"{said.place} gives it to PAM's module, which beats all files and is left alone: change it there."
        if not self._program["folders"]:
            return self._elsewhere(said) if path else self._no_end(own)
        if files.ended and not _sorts_behind(self._program, files.ended_at):
            return f"{files.ended}, and {self._name} reads nothing behind that: put it in order."
        if path and _sorts_behind(self._program, path):
            return self._elsewhere(said)
        what = files.found.odd(own)
        return f"{own} is {what}, where apply puts what does not hold: take it away." if what else ""

    def _elsewhere(self, said: Said) -> str:
        real = self._host.check_output(REAL, said.path)
        if real.startswith("/etc/"):
            return ""
        named = f"{said.place} (a link to {real})" if real != said.path else said.place
        behind = "is read behind our own file and " if self._program["folders"] else ""
        return f"{named} {behind}does not lie in /etc, so apply leaves it: change it there."

    def _no_end(self, path: str) -> str:
        return self._now.found.left(path) or self._elsewhere(Said("", "", "", path))

    def _hidden(self, key: str, rule: Rule) -> Iterator[Mismatch]:
        """A stricter value of somebody else's that apply's own file hides."""
        own = self._now.own
        others = [each for each in self._now.said if each.path != own]
        theirs = {each.who: each for each in deciding(self._program, others, key) if each.path}
        for ours in deciding(self._program, self._now.said, key):
            other = theirs.get(ours.who)
            if ours.path == own and other and rule.holds(other.value) and rule.stricter(other.value, ours.value):
                yield Mismatch(key, str(ours.value), f"{other.value}, as {other.place} has it", ours.place)


def _sorts_behind(program: Mapping[str, Any], path: str) -> bool:
    """Whether a path is read behind our own file, were that there."""
    if path in program["main"]:
        return bool(program.get("main_last"))
    return posixpath.basename(path) > OWN


def _given(host: Any, module: str) -> Iterator[tuple[str, int, list[tuple[str, str]]]]:
    """Path, line and arguments of each line of PAM's that names a module: see pam.conf(5)."""
    for path, lines in looked(host.run(PAM), "What PAM is told").lines.items():
        for number, text in _joined(lines):
            words = [found[1] if found[1] is not None else found[0] for found in _words(text)]
            names = [posixpath.basename(word) for word in words]
            if module in names:
                rest = words[names.index(module) + 1 :]
                yield path, number, [(name.lower(), value) for name, _, value in (word.partition("=") for word in rest)]


def _words(text: str) -> Iterator[tuple[str, str | None]]:
    for found in re.finditer(r"\[([^\]]*)\]|\S+", text.partition("#")[0]):
        yield found[0], found[1]


def _joined(lines: Any) -> Iterator[tuple[int, str]]:
    begun, start = "", 0
    for number, line in lines:
        start = start if begun else number
        if line.endswith("\\"):
            begun += f"{line[:-1]} "
            continue
        yield start, begun + line
        begun = ""
