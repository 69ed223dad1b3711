"""sshd's files as sshd reads them, as they are or as they would be: for the modules of this role."""

import getopt
import glob
import itertools
import os
import re
import shlex
from collections import namedtuple
from fnmatch import fnmatch

from ansible.module_utils.opsharden_nofile import odd
from ansible.module_utils.opsharden_systemd import assigned
from ansible.module_utils.opsharden_systemd import split as words_of

MAIN = "/etc/ssh/sshd_config"
SSHD = "/usr/sbin/sshd"
DEEPEST = 16

Line = namedtuple("Line", "path number keyword words matched conditional")
"""A line that sshd reads: `matched` within a Match block, `conditional` where that block is not for all."""


class Trouble(Exception):  # noqa: N818 - reads as a sentence where it is caught
    """What keeps us from going on, as a sentence."""


def split(line):
    """Keyword in lower case and words of a line; no keyword where it has none. See sshd_config(5)."""
    found = re.match(r'\s*"?([A-Za-z]+)"?(?:[ \t]*=[ \t]*|[ \t]+|$)(.*)', line.rstrip())
    if not found:
        return "", []
    lexer = shlex.shlex(found[2], posix=True)
    lexer.whitespace_split, lexer.commenters = True, ""
    try:
        words = list(itertools.takewhile(lambda word: not word.startswith("#"), lexer))
    except ValueError:
        words = found[2].split()
    return found[1].lower(), words


class Files:
    """sshd's files, from a first one on.

    Args:
        main: The first file.
        changed: Texts that take the place of what is on disk.

    Attributes:
        read: The files that were read so far.
        folders: The ones they were looked for in.
        odd: What is among them and no file, in words. sshd passes over folders, and waits at a pipe.
    """

    def __init__(self, main, changed=None):
        self.main = main
        self.changed = dict(changed or {})
        self.read = set()
        self.folders = set()
        self.odd = {}

    def text(self, path):
        """A file's text; nothing where there is no file."""
        if path in self.changed:
            return self.changed[path]
        what = odd(path)
        if what and what != "a folder":
            self.odd[path] = what
        if not os.path.isfile(path):
            return ""
        try:
            with open(path, encoding="utf-8", errors="surrogateescape", newline="\n") as file:
                return file.read()
        except OSError:
            return ""

    def included(self, pattern):
        """The files that an Include names, in sshd's order."""
        pattern = os.path.normpath(os.path.join("/etc/ssh", pattern))
        self.folders.add(os.path.dirname(pattern))
        new = [
            path
            for path in self.changed
            if os.path.dirname(path) == os.path.dirname(pattern)
            and fnmatch(os.path.basename(path), os.path.basename(pattern))
        ]
        return sorted({*glob.glob(pattern), *new})

    def lines(self):
        """All lines from the first file on. A Match block ends at the next one, or with its file."""
        return self._lines(self.main, False, False, 0)

    def _lines(self, path, matched, conditional, depth):
        self.read.add(path)
        within = (matched, conditional)
        for number, line in enumerate(self.text(path).split("\n"), start=1):
            keyword, words = split(line)
            if keyword == "match":
                within = (True, conditional or [word.lower() for word in words] != ["all"])
            elif keyword == "include" and depth < DEEPEST:
                for other in (each for pattern in words for each in self.included(pattern)):
                    yield from self._lines(other, *within, depth + 1)
            elif keyword:
                yield Line(path, number, keyword, words, *within)

    def deciding(self, keyword):
        """The line that sets a keyword for everyone; of MaxStartups sshd takes the last, else the first."""
        found = [line for line in self.lines() if line.keyword == keyword and not line.conditional]
        if keyword == "maxstartups":
            found.reverse()
        return next(iter(sorted(found, key=lambda line: not line.matched)), None)

    def stage(self, folder):
        """Write all of them into a folder, each naming the others there, and return the path of the first."""
        return self._stage(self.main, folder, itertools.count(), 0)

    def _stage(self, path, folder, numbers, depth):
        out = []
        for line in self.text(path).split("\n"):
            keyword, words = split(line)
            if keyword == "include" and depth < DEEPEST:
                others = [each for pattern in words for each in self.included(pattern)]
                staged = [self._stage(other, folder, numbers, depth + 1) for other in others]
                out.append("Include " + " ".join(staged) if staged else "# includes nothing")
            else:
                out.append(line)
        name = os.path.join(folder, str(next(numbers)))
        with open(name, "w", encoding="utf-8", errors="surrogateescape", newline="\n") as file:
            file.write("\n".join(out))
        return name


class Server:
    """How sshd is started, and what it then works with."""

    def __init__(self, module):
        self._run = module.run_command
        self.main, self.options = MAIN, []
        self.options = self._started()

    def _started(self):
        """Settings on sshd's command line, as ssh.service has it; -f is kept apart."""
        rc, said, _ = self._run(
            ["systemctl", "show", "--property=ExecStart,Environment,EnvironmentFiles", "ssh.service"]
        )
        command = re.search(r"argv\[\]=(.*?) ; ignore_errors", said) if rc == 0 else None
        if not command:
            return []
        words = self._expanded(command[1].split(), self._variables(said))
        if words[0] not in (SSHD, "/sbin/sshd"):
            raise Trouble(f"ssh.service starts {words[0]}, so nobody knows how sshd will work")
        try:
            found, _ = getopt.getopt(words[1:], "46DGQRTVdeiqrtC:E:b:c:f:g:h:k:o:p:u:")
        except getopt.GetoptError as error:
            raise Trouble(f"ssh.service starts sshd with what it does not know: {error}") from None
        options = []
        for name, value in found:
            if name == "-f":
                self.main = value
            elif name == "-o":
                options.append(value)
            elif name == "-g":
                options.append(f"LoginGraceTime={value}")
            elif name == "-q":
                options.append("LogLevel=QUIET")
        return options

    def _variables(self, shown):
        variables = {}
        for line in shown.splitlines():
            name, _, value = line.partition("=")
            if name == "Environment":
                variables.update(word.partition("=")[::2] for word in words_of(value))
            elif name == "EnvironmentFiles":
                path = value.partition(" (")[0]
                if odd(path):
                    raise Trouble(f"{path} is {odd(path)}, and ssh.service takes sshd's options from it")
                variables.update(assigned(Files(path).text(path)))
        return variables

    @staticmethod
    def _expanded(words, variables):
        found = []
        for word in words:
            name = re.fullmatch(r"\$(\w+)", word)
            found += words_of(variables.get(name[1], "")) if name else [word]
        return found

    def effective(self, path, test="-T"):
        """Keyword in lower case -> values for everyone, with this first file.

        Raises:
            Trouble: sshd refuses the files.
        """
        words = [SSHD, test, "-f", path, *(word for option in self.options for word in ("-o", option))]
        rc, said, complaint = self._run(words)
        if rc != 0:
            lines = complaint.strip().splitlines() or ["no reason given"]
            raise Trouble(f"sshd refuses its settings: {lines[-1].rstrip('.')}")
        found = {}
        for line in said.splitlines():
            keyword, _, value = line.partition(" ")
            found.setdefault(keyword, []).append(value)
        return found
