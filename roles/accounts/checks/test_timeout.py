"""When a shell that is left alone ends: in interactive shells of bash, login shells and others."""

import re
from dataclasses import dataclass

import pytest

from opsharden.model import Mismatch

ASSIGNS = re.compile(r"(\w+)(?:=(.*))?")
BUT_ROOT = '[ "$(id -u)" -eq 0 ] ||'  # what stands behind it is not for root
OWN = "/etc/profile.d/zz-opsharden-timeout.sh"  # apply's own
SESSIONS = (("login shells", True), ("other interactive shells", False))


@pytest.mark.control("acc-shell-timeout")
def test_silent_shells_end(start_up, values):
    limit = int(values["accounts_shell_timeout_seconds"])
    wrong = []
    for session, login in SESSIONS:
        for whose in ("everyone", "root"):
            shell = Shell()
            for command in start_up.system_wide(login):
                if BUT_ROOT not in command.line if whose == "root" else not command.roots:
                    shell.reads(command)
            shell.roots = whose == "root"
            for command in start_up.roots(login) if shell.roots else ():
                shell.reads(command)
            if not shell.ends_within(limit):
                what, wanted = f"timeout of {session}, {whose}", f"1 to {limit}, read-only"
                wrong.append(Mismatch(what, str(shell), wanted, shell.where, left(start_up, shell, login)))
    assert [*wrong, *start_up.unreadable()] == []


def left(start_up, shell, login):
    """Why apply leaves it, where it does."""
    if login and not start_up.mentions("/etc/profile", "/etc/profile.d"):
        return "/etc/profile does not read /etc/profile.d, so nothing there counts: let it, as Debian's own does."
    if no_place := start_up.left(OWN) or ("" if login else start_up.left("/etc/bash.bashrc")):
        return no_place
    if shell.of_root and not shell.value:
        path, _, line = shell.where.partition(":")
        return f"{path}, line {line}, unsets TMOUT: take the line out."
    return ""


@dataclass
class Shell:
    """What becomes of TMOUT as a shell reads its files."""

    value: str = ""
    where: str = ""
    read_only: bool = False
    roots: bool = False
    of_root: bool = False

    def reads(self, command):
        """Take in one command, as far as it is about TMOUT."""
        words = [word.replace('"', "").replace("'", "") for word in command.words]
        if not any("TMOUT" in word for word in words):
            return
        name, *rest = words
        if name == "unset" and "TMOUT" in rest:
            self._set("", command.where)
        elif name in ("export", "readonly", "declare", "typeset"):
            options = "".join(word for word in rest if word.startswith("-"))
            for word in rest:
                self._assign(word, command.where)
            if any(ASSIGNS.fullmatch(word) and word.partition("=")[0] == "TMOUT" for word in rest):
                self.read_only |= name == "readonly" or (name in ("declare", "typeset") and "r" in options)
        elif all("=" in word for word in words):
            for word in words:
                self._assign(word, command.where)

    def _assign(self, word, where):
        name, equals, value = word.partition("=")
        if name == "TMOUT" and equals:
            self._set(value, where)

    def _set(self, value, where):
        if not self.read_only:
            self.value, self.where, self.of_root = value, where, self.roots

    def ends_within(self, limit):
        """Whether it ends in time, and nobody can put it off. Root's own files may ask for less without more ado."""
        return self.value.isdigit() and 0 < int(self.value) <= limit and (self.read_only or self.of_root)

    def __str__(self):
        return f"{self.value or 'none'}, {'read-only' if self.read_only else 'may be changed'}"
