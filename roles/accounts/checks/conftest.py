"""What the checks of this folder look at. Files that shells read are read here, and never run.

No observation holds a hash: of account files, names and kinds are asked for only.
"""

import re
from dataclasses import dataclass

import pytest

# Of the files that shells of everyone and of root read, the lines that matter; grep answers 2 where one is missing.
START_UP = (
    r"grep -sHnE 'umask|TMOUT|/etc/(profile.d|bash.bashrc)|\.bashrc|(^|[;&|[:space:]])(\.|source)[[:space:]]' "
    "/etc/profile /etc/bash.bashrc /etc/profile.d/*.sh /root/.bash_profile /root/.bash_login /root/.profile "
    "/root/.bashrc || test $? -le 2"
)
THERE = (
    "ls -d /etc/profile /etc/bash.bashrc /root/.bash_profile /root/.bash_login /root/.profile 2>/dev/null "
    "|| test $? -le 2"
)
# Bash reads the first of them.
ROOTS_LOGIN = ("/root/.bash_profile", "/root/.bash_login", "/root/.profile")
COMMENT = re.compile(r"(^|\s)#.*")
# A command begins at the start of a line, and behind these.
BORDERS = re.compile(r"(;|&&|\|\||&|\||[(){}`]|\b(?:then|else|do)\b)")
MOST_SOURCED = 20


@dataclass(frozen=True)
class Command:
    """A simple command in a file that shells read when they begin."""

    where: str
    text: str
    line: str

    @property
    def words(self):
        """Its words, with their quotes."""
        return re.findall(r"(?:[^\s\"']|\"[^\"]*\"|'[^']*')+", self.text)


class StartUp:
    """The commands in start-up files that set a mask or a timeout, in the order in which sessions read them."""

    def __init__(self, host):
        self._host = host
        self.there = host.check_output(THERE).splitlines()
        self.lines = {}
        self._read(host.check_output(START_UP))

    def _read(self, answer):
        for line in answer.splitlines():
            path, number, text = line.split(":", 2)
            self.lines.setdefault(path, []).append((number, COMMENT.sub(r"\1", text)))

    def all_files(self):
        """Every file that is read, with those that others source by name."""
        found = list(self.lines)
        for path in found:  # grows while it is gone through
            for number, text in self.lines.get(path, ()):
                for command in commands(f"{path}:{number}", text):
                    named = sourced(command)
                    if named and named not in found and len(found) < MOST_SOURCED + len(self.lines):
                        self._ask(named)
                        found.append(named)
        return found

    def _ask(self, path):
        if path not in self.lines:
            answer = self._host.run_expect([0, 1, 2], "grep -sHnE 'umask|TMOUT' -- %s", path)
            self._read(answer.stdout)

    # Debian's files source these two as well; a session says itself when it reads them.
    def commands(self, path, within=("/etc/bash.bashrc", "/root/.bashrc"), but=None):
        """The commands of one file, those of the files that it sources in their place; lines with `but` left out."""
        for number, text in self.lines.get(path, ()):
            if but and but in text:
                continue
            for command in commands(f"{path}:{number}", text):
                yield command
                named = sourced(command)
                if named and named not in (path, *within):
                    self._ask(named)
                    yield from self.commands(named, (path, *within))

    def mentions(self, path, what):
        """Whether a file has this in it."""
        return any(what in text for _, text in self.lines.get(path, ()))

    def system_wide(self, login):
        """The commands that everyone's session runs: a login shell's, or those of any other interactive bash."""
        if not login:
            return list(self.commands("/etc/bash.bashrc"))
        found = list(self.commands("/etc/profile"))
        if self.mentions("/etc/profile", "/etc/bash.bashrc"):
            # What bash.bashrc does for others than login shells only is none of theirs.
            found += self.commands("/etc/bash.bashrc", but="shopt -q login_shell ||")
        if self.mentions("/etc/profile", "/etc/profile.d"):
            for path in sorted(path for path in self.lines if re.fullmatch(r"/etc/profile\.d/[^/]+\.sh", path)):
                found += self.commands(path)
        return found

    def roots(self, login):
        """The commands that root's session runs behind them."""
        names = [path for path in self.there if path.startswith("/root/")]
        if not login or not names:
            return [] if login else list(self.commands("/root/.bashrc"))
        first = [path for path in ROOTS_LOGIN if path in names][:1]
        reads_bashrc = any(self.mentions(path, ".bashrc") for path in first)
        return [each for path in (*first, *(["/root/.bashrc"] if reads_bashrc else [])) for each in self.commands(path)]


def commands(where, text):
    """The simple commands of a line, but for those in a subshell: what is set there ends with it."""
    deep = 0
    for part in BORDERS.split(text):
        if part in ("(", ")"):
            deep = max(0, deep + (1 if part == "(" else -1))
        elif not deep and part.strip() and not BORDERS.fullmatch(part):
            yield Command(where, re.sub(r"^(?:builtin|command)\s+", "", part.strip()), text)


def sourced(command):
    """The file that a command reads in, where it says its name."""
    words = command.words
    if len(words) < 2 or words[0] not in (".", "source"):
        return ""
    path = re.sub(r"^(?:~|\$HOME|\$\{HOME\})(?=/)", "/root", words[1].replace('"', "").replace("'", ""))
    return path if path.startswith("/") and not set(path) & set("$*?[`") else ""


@pytest.fixture
def start_up(host):
    return StartUp(host)
