"""What the checks of this folder look at. Files that shells read are read here, and never run.

No observation holds a hash: of account files, names and kinds are asked for only.
"""

import itertools
import re
from dataclasses import dataclass

import pytest

from opsharden.model import Mismatch
from opsharden.probe.reading.found import WHAT, looked

# Of the files that shells of everyone and of root read, the lines that matter, and what ends here-documents in them.
MATTERS = r"umask|TMOUT|/etc/(profile.d|bash.bashrc)|\.bashrc|(^|[;&|[:space:]])(\.|source)[[:space:]]"
# Behind what is no comment and closed quotes; \x22 and \x27 are the quotes, so that the shell sees none.
HERE = (
    r"^(?:[^\x22\x27\\#]|(?<=[^\s;&|()])#|\\.|\x22(?:[^\x22\\]|\\.)*\x22|\x27[^\x27]*\x27)*?"
    r"(?<!<)\K<<(?!<)-?[ \t]*(?:\\.|\x27[^\x27]*\x27|\x22[^\x22]*\x22|[^\s;&|<>()\x27\x22\\])+"
)
# Of the rules of PAM, and of login.defs(5): in the same question, since both checks want most of it.
RULES = "^[[:space:]]*(-?session[[:space:]]|@include[[:space:]])"
UMASK = "^[[:space:]]*UMASK[[:space:]]"
SESSIONS = (
    "find -L /etc/login.defs /etc/pam.d /etc/profile /etc/bash.bashrc /etc/profile.d /root/.bash_profile "
    "/root/.bash_login /root/.profile /root/.bashrc -maxdepth 1 "
    r"\( ! -path '/*/*/*' -o -path '/etc/pam.d/*' -o -path '/etc/profile.d/*.sh' \) "
    rf"{WHAT} -type f \( -path '/etc/pam.d/*' -exec grep -aHnE '{RULES}' {{}} + -o "
    rf"-path /etc/login.defs -exec grep -aHnE '{UMASK}' {{}} + -o "
    rf"-exec grep -aHnE '{MATTERS}' {{}} + -exec grep -aHnoP '{HERE}' {{}} + \)"
)
SOURCED = (
    f"find -L %s -maxdepth 0 {WHAT} -type f -exec grep -aHnE 'umask|TMOUT' {{}} + -exec grep -aHnoP '{HERE}' {{}} +"
)
SOURCED = re.sub("%(?!s)", "%%", SOURCED)
END = "grep -nxE -e %s -- %s"
OF_PAM = ("/etc/pam.d", "/etc/login.defs")
SCRIPT = re.compile(r"/etc/profile\.d/[^./][^/]*\.sh")
STARTS = re.compile(r"<<(-?)[ \t]*([^<\s].*)")
# Bash reads the first of them.
ROOTS_LOGIN = ("/root/.bash_profile", "/root/.bash_login", "/root/.profile")
# A command begins at the start of a line, and behind these; quotes that do not end in the line are letters like others.
PIECES = re.compile(
    r"""\\.|"(?:\\.|[^"\\])*"|'[^']*'|(?P<comment>(?<![^\s;&|()])#.*)|"""
    r"""(?P<border>;|&&|\|\||&|\||[(){}`]|\b(?:then|else|do)\b)|."""
)
MOST_SOURCED = 20


@dataclass(frozen=True)
class Command:
    """A simple command in a file that shells read when they begin; in some, only root's can."""

    where: str
    text: str
    line: str
    roots: bool = False

    @property
    def words(self):
        """Its words, with their quotes."""
        return re.findall(r"(?:[^\s\"']|\"[^\"]*\"|'[^']*')+", self.text)


class StartUp:
    """The commands in start-up files that set a mask or a timeout, in the order in which sessions read them."""

    def __init__(self, host):
        self._host = host
        self._found = looked(host.run(SESSIONS), "What sessions begin with")
        self.there = [path for path, kind in self._found.kinds.items() if kind != "l"]
        self.odd = {path: what for path in self._found.kinds if self._counts(path) and (what := self._found.odd(path))}
        self.lines = {}
        self._closed = set()
        self._take(self._found)

    def _counts(self, path):
        is_folder = path == "/etc/profile.d" and self._found.kinds[path] == "d"
        is_script = not path.startswith("/etc/profile.d/") or SCRIPT.fullmatch(path)
        return is_script and not is_folder and not path.startswith(OF_PAM)

    def rules(self):
        """Path -> number and text of each rule of PAM for sessions."""
        return {path: lines for path, lines in self._found.lines.items() if path.startswith("/etc/pam.d/")}

    def login_defs(self):
        """Number and text of each line of login.defs that sets the mask."""
        return self._found.lines.get("/etc/login.defs", ())

    def _take(self, found):
        self._closed |= {path for path, mode in found.modes.items() if not mode & 0o004}
        for path in filter(lambda path: not path.startswith(OF_PAM), found.lines):
            lines = found.lines[path]
            said = sorted((number, text) for number, text in lines if not STARTS.fullmatch(text))
            starts = [(number, each) for number, text in lines if (each := STARTS.fullmatch(text))]
            text = self._text(path, starts, [number for number, _ in said])
            self.lines[path] = [(number, bare(line)) for number, line in said if number not in text]

    def _text(self, path, starts, numbers):
        """Which of these lines are text of here-documents; one without an end is none."""
        inside = set()
        for start, (_, tabs, word) in sorted((number, each.group(0, 1, 2)) for number, each in starts):
            if start in inside or not any(number > start for number in numbers):
                continue
            literally = re.sub(r"([][\\.^$*+?(){}|])", r"\\\1", re.sub(r"\\(.)|['\"]", r"\1", word))
            said = self._host.run_expect([0, 1], END, ("\t*" if tabs else "") + literally, path).stdout
            ends = [end for line in said.splitlines() if (end := int(line.partition(":")[0])) > start]
            inside |= set(range(start + 1, min(ends, default=start)))
        return inside

    def unreadable(self):
        """What shells read and is no file, so that nobody knows what it sets."""
        by_hand = "{} is {}, and what it sets nobody can tell: take it away, or put a file in its place."
        return [Mismatch(path, what, "a file", by_hand=by_hand.format(path, what)) for path, what in self.odd.items()]

    def odd_at(self, path):
        """What stands at a path and is no file, in words; empty where it is one, or nothing."""
        return self._found.odd(path)

    def left(self, path):
        """Why apply writes nothing to a path; empty where it may."""
        return self._found.left(path)

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
            self.lines[path] = []
            found = looked(self._host.run(SOURCED, path), "What shells read when they begin")
            # A folder cannot be sourced, so it sets nothing.
            self.odd.update({path: found.odd(path)} if found.odd(path) and found.kinds[path] != "d" else {})
            self._take(found)

    # Debian's files source these two as well; a session says itself when it reads them.
    def commands(self, path, within=("/etc/bash.bashrc", "/root/.bashrc"), but=None, roots=False):
        """The commands of one file, those of the files that it sources in their place; lines with `but` left out."""
        roots = roots or path in self._closed
        for number, text in self.lines.get(path, ()):
            if but and but in text:
                continue
            for command in commands(f"{path}:{number}", text, roots):
                yield command
                named = sourced(command)
                if named and named not in (path, *within):
                    self._ask(named)
                    yield from self.commands(named, (path, *within), roots=roots)

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
            for path in sorted(filter(SCRIPT.fullmatch, self.lines)):
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


def commands(where, text, roots=False):
    """The simple commands of a line, but for those in a subshell: what is set there ends with it."""
    deep, at = 0, 0
    borders = [(*piece.span(), piece["border"]) for piece in PIECES.finditer(text) if piece["border"]]
    for start, end, border in [*borders, (len(text), len(text), "")]:
        part = text[at:start].strip()
        if part and not deep:
            yield Command(where, re.sub(r"^(?:builtin|command)\s+", "", part), text, roots)
        deep, at = max(0, deep + {"(": 1, ")": -1}.get(border, 0)), end


def bare(text):
    """A line without its comment."""
    pieces = PIECES.finditer(text)
    return "".join(piece[0] for piece in itertools.takewhile(lambda piece: not piece["comment"], pieces))


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
