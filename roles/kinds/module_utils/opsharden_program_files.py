"""The files of a program as it reads them, as they are or as they would be: for the module `program_settings`."""

from __future__ import annotations

import os
import re
from collections import namedtuple

from ansible.module_utils.opsharden_nofile import odd
from ansible.module_utils.opsharden_program_values import meaning

OWN = "zz-opsharden.conf"  # sorts behind nearly every other file
BLANK = " \t\n\r"
PAM = "/etc/pam.d"
FORGOTTEN = "/run/"  # what lies there is gone with the next boot
LONGEST = 1022  # characters of a line that libpwquality reads

Said = namedtuple("Said", "who key value path first last")
"""What a line says, and the lines it goes over; `who` is empty for everyone."""


class Ends(Exception):  # noqa: N818 - no fault of ours: a program reads no further
    """At a line that a program does not understand."""


def systemd(text, program):
    """Lines of systemd.syntax(7). A wrong head of a section, or what is not UTF-8, ends it."""
    section, held, first = "", "", 0
    for number, line in enumerate([*text.removeprefix("\ufeff").split("\n"), ""], start=1):
        if line.strip(BLANK)[:1] in ("#", ";"):
            continue
        first = first if held else number
        plain = line.rstrip("\r")
        if len(plain) - len(plain.rstrip("\\")) & 1:
            held += f"{plain[:-1]} "
            continue
        whole, held = f"{held}{plain}".strip(BLANK), ""
        if (whole.startswith("[") and not whole.endswith("]")) or any("\udc80" <= sign <= "\udcff" for sign in whole):
            raise Ends(first)
        key, equals, value = whole.partition("=")
        if whole.startswith("["):
            section = whole[1:-1]
        elif equals and section == program["section"]:
            yield "", key.strip(BLANK), value.strip(BLANK), first, number


def pwquality(text, program):
    """Lines of pwquality.conf(5). One that is not understood ends it, for all files."""
    for number, line in enumerate(text.split("\n"), start=1):
        if len(line) > LONGEST:
            raise Ends(number)
        plain = line.partition("#")[0].strip()
        key, value = re.fullmatch(r"([^\s=]*)\s*=?\s*(.*)", plain, re.DOTALL).groups()
        if not plain:
            continue
        setting = program["settings"].get(key.lower())
        if setting is None or meaning(setting, value) is None:
            raise Ends(number)
        yield "", key.lower(), value, number, number


def login_defs(text, program):
    """Lines of login.defs(5): each that any program takes for a setting; what all of them understand has no more."""
    keys = {key.lower(): key for key in program["settings"]}
    for number, line in enumerate(text.split("\n"), start=1):
        plain = line.partition("#")[0].strip()
        key = keys.get(re.split(r"[\s=]", plain)[0].lower())
        if key:
            alike = re.fullmatch(rf"[ \t]*{key}(?:[ \t]+(.*?))?[ \t]*", line, re.DOTALL)
            yield "", key, (alike[1] or "") if alike else line.strip(" \t"), number, number


def limits(text, _):
    """Lines of limits.conf(5): whom, hard or soft or both, what, how much."""
    for number, line in enumerate(text.split("\n"), start=1):
        who, kind, item, value = [*line.partition("#")[0].split()[:4], "", "", "", ""][:4]
        for each in ("hard", "soft") if kind == "-" else (kind.lower(),):
            if value:
                yield "" if who == "*" else who, f"{each} {item.lower()}", value.lower(), number, number


_READERS = {"systemd": systemd, "pwquality": pwquality, "login.defs": login_defs, "limits": limits}


class Files:
    """A program's files, all that they say, and where reading ends.

    Args:
        program: As programs.yml has it.
        changed: Texts that take the place of what is on disk.
        lasting: Without what the next boot forgets.

    Attributes:
        odd: What is among the files and is a pipe or a device: nobody can tell what it says.
        ended: Where the program gives up reading, and why; empty where it does not.
        read: The files that are read, in their order.
    """

    def __init__(self, program, changed=None, lasting=False):
        self.program, self.changed, self.lasting = program, dict(changed or {}), lasting
        folders = program["folders"]
        self.own = os.path.join(folders[0], OWN) if folders else program["main"][0]
        self.odd, self.ended, self.read, self.said = {}, "", [], []
        for path in self._paths():
            self._read(path)

    def text(self, path):
        """A file's text; nothing where there is none."""
        if path in self.changed:
            return self.changed[path]
        if not os.path.isfile(path):
            return ""
        with open(path, encoding="utf-8", errors="surrogateescape", newline="\n") as file:
            return file.read()

    def deciding(self, key, default):
        """What counts of a setting: for everyone first, then for some; of login.defs each line, else the last word."""
        kind = self.program["settings"][key]
        found = [each for each in self.said if each.key == key and meaning(kind, each.value) is not None]
        if self.program["syntax"] == "login.defs":
            return found or [Said("", key, default, "", 0, 0)]
        last = {"": Said("", key, default, "", 0, 0), **{each.who: each for each in found}}
        given = self._given(key)
        return [*(each or last[""] for each in given), *(last[who] for who in last if who or not given)]

    def _given(self, key):
        """What each line of PAM that names the program's module gives it; none where it leaves that to the files."""
        found = []
        for path, number, words in _modules(self.program.get("arguments")):
            given = [word.partition("=")[::2] for word in words]
            kind = self.program["settings"][key]
            fits = [value for name, value in given if name.lower() == key and meaning(kind, value) is not None]
            found.append(Said("", key, fits[-1], path, number, number) if fits else None)
        return found

    def _paths(self):
        """The paths that it reads, in its order."""
        program = self.program
        mains = [path for path in program["main"] if not (self.lasting and path.startswith(FORGOTTEN))]
        main = next((path for path in mains if os.path.lexists(path)), mains[0])
        folders = [each for each in program["folders"] if not (self.lasting and each.startswith(FORGOTTEN))]
        by_name = {}
        for folder in reversed(folders):
            names = os.listdir(folder) if os.path.isdir(folder) else ()
            by_name.update({name: os.path.join(folder, name) for name in names if name.endswith(".conf")})
        if self.own in self.changed and folders:
            by_name[OWN] = self.own
        hidden = program["syntax"] == "pwquality"  # which alone reads those, too
        drop_ins = [by_name[name] for name in sorted(by_name) if hidden or not name.startswith(".")]
        return [*drop_ins, main] if program.get("main_last") else [main, *drop_ins]

    def _read(self, path):
        what = "" if path in self.changed else odd(path)
        if what in ("a pipe", "a device"):
            self.odd[path] = what
        elif what and self.program["syntax"] == "systemd":  # others pass over it
            self.ended = self.ended or f"{path} is {what}"
        if what or self.ended:
            return
        self.read.append(path)
        try:
            for who, key, value, first, last in _READERS[self.program["syntax"]](self.text(path), self.program):
                self.said.append(Said(who, key, value, path, first, last))
        except Ends as line:
            self.ended = f"{path}:{line} is not understood"


def _modules(module):
    """Path, line number and arguments of each line in PAM's files that names a module; see pam.conf(5)."""
    names = sorted(os.listdir(PAM)) if module and os.path.isdir(PAM) else ()
    for path in (os.path.join(PAM, name) for name in names):
        if not os.path.isfile(path):
            continue
        with open(path, encoding="utf-8", errors="surrogateescape") as file:
            text = re.sub(r"\\\n", "  ", file.read())
        for number, line in enumerate(text.split("\n"), start=1):
            words = [a or b for a, b in re.findall(r"\[((?:\\.|[^\]])*)\]|(\S+)", line.partition("#")[0])]
            places = [place for place, word in enumerate(words) if word.rpartition("/")[2] == module]
            if places:
                yield path, number, words[places[0] + 1 :]
