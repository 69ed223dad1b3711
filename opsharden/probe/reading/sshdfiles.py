"""For checks: how sshd is started on a host, and the lines it reads.

The files are read as sshd reads them: sshd_config(5), Include and Match. How it is started is read, never run.
"""

from __future__ import annotations

import functools
import posixpath
import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from types import MappingProxyType
from typing import Any

from opsharden.errors import Unanswered
from opsharden.probe.reading.systemd import split

MAIN = "/etc/ssh/sshd_config"
UNIT = "systemctl cat ssh.service"
# What is no file is not opened.
READ = "test ! -e %s || test -f %s && cat %s"
ELSEWHERE = r"find -L %s -maxdepth %s ! -type d -printf '%%y %%p\n'"
# By name, so that no line of a key is ever among them. Links are followed: sshd follows them too.
_WANTED = (
    "'^[[:space:]]*\"?(include|match|banner|ciphers|macs|kexalgorithms|clientaliveinterval"
    "|clientalivecountmax|gssapiauthentication|hostbasedauthentication|hostcertificate|hostkey|ignorerhosts"
    "|logingracetime|loglevel|maxauthtries|maxsessions|maxstartups|permitemptypasswords|permitrootlogin"
    "|permituserenvironment)\"?([[:space:]=]|$)'"
)
WRITTEN = f"grep -RHniE --devices=skip --exclude=moduli {_WANTED} /etc/ssh"
WRITTEN_IN = f"find -L %s -type f -exec grep -HniE {_WANTED} {{}} +"

_LINE = re.compile(
    r'(?P<path>/.+?):(?P<number>\d+):\s*"?(?P<keyword>[a-z]+)"?(?:[ \t]*=[ \t]*|[ \t]+|$)(?P<rest>.*)', re.I
)
_WORD = re.compile(r'"(?:\\.|[^"\\])*"|\'(?:\\.|[^\'\\])*\'|[^\s"\']+')
# A value in quotes goes on over lines until its quote ends, or the file does: systemd.exec(5), EnvironmentFile=.
_ASSIGNED = re.compile(
    r"""^[ \t]*(?P<name>\w+)[ \t]*=[ \t]*(?:"(?P<double>(?:\\.|[^"\\])*)"?|'(?P<single>[^']*)'?|(?P<plain>[^\n]*))""",
    re.MULTILINE | re.DOTALL,
)
_DEEPEST = 16


@dataclass(frozen=True)
class Line:
    """One line of a file that sshd reads.

    Attributes:
        place: Its file and number, as `path:line`.
        keyword: In lower case.
        words: What stands behind it, without quotes and comments.
        matched: Whether it stands in a Match block, or in a file that is included from one.
        blocks: The conditions under which it applies; none for `Match all`.
    """

    place: str
    keyword: str
    words: tuple[str, ...]
    matched: bool = False
    blocks: tuple[str, ...] = ()

    @property
    def path(self) -> str:
        """Its file."""
        return self.place.rpartition(":")[0]

    @property
    def value(self) -> str:
        """The first word."""
        return self.words[0] if self.words else ""


@functools.lru_cache(maxsize=64)
def _written(said: str) -> Mapping[str, tuple[Line, ...]]:
    """The lines of each file, as they stand there."""
    found: dict[str, tuple[Line, ...]] = {}
    for text in said.splitlines():
        if line := _LINE.fullmatch(text):
            place = f"{line['path']}:{line['number']}"
            words = tuple(_words(line["rest"]))
            found[line["path"]] = (*found.get(line["path"], ()), Line(place, line["keyword"].lower(), words))
    return MappingProxyType(found)


def _words(rest: str) -> Iterator[str]:
    """A comment begins a word; within one, `#` is a letter like others."""
    for word in _WORD.findall(rest):
        if word.startswith("#"):
            return
        yield re.sub(r"\\(.)", r"\1", word[1:-1]) if word[0] in "\"'" else word


def matching(pattern: str, paths: Sequence[str]) -> list[str]:
    """The paths that the shell's pattern matches, in sshd's order. No wildcard stands for a slash or a first dot."""
    parts = posixpath.normpath(pattern).split("/")

    def matches(path: str) -> bool:
        names = path.split("/")
        return len(names) == len(parts) and all(
            fnmatchcase(name, part) and (not name.startswith(".") or part.startswith("."))
            for name, part in zip(names, parts, strict=True)
        )

    return sorted({path for path in paths if matches(path)})


class Reading:
    """sshd's files followed from the first on, as sshd does."""

    def __init__(self, host: Any, written: str) -> None:
        self._host = host
        self._files = dict(_written(written))
        self.read: list[str] = []
        self.folders: set[str] = set()
        self.pipes: list[str] = []
        self._patterns: list[str] = []

    def follow(self, main: str, universe: Sequence[str] = ()) -> Iterator[Line]:
        """All lines from a first file on, in sshd's order.

        Args:
            main: The first file.
            universe: All there is in /etc/ssh, where files without a line of interest matter too.
        """
        self._universe = [*universe, *self._files]
        yield from self._follow(main, False, (), 0)

    def reads(self, path: str) -> bool:
        """Whether a path is among what was followed, or would be if there were a file."""
        return path in self.read or any(matching(pattern, [path]) for pattern in self._patterns)

    def _follow(self, path: str, matched: bool, blocks: tuple[str, ...], depth: int) -> Iterator[Line]:
        """The lines of a file and of those it includes. A Match block ends with its file, or at the next one."""
        if depth > _DEEPEST:
            return
        self.read.append(path)
        here, inside = blocks, matched
        for line in self._files.get(path, ()):
            if line.keyword == "match":
                condition = " ".join(line.words)
                here, inside = blocks if condition.lower() == "all" else (*blocks, f"Match {condition}"), True
            elif line.keyword == "include":
                for pattern in line.words:
                    for other in self._included(posixpath.join("/etc/ssh", pattern)):
                        yield from self._follow(other, inside, here, depth + 1)
            else:
                yield Line(line.place, line.keyword, line.words, inside, here)

    def _included(self, pattern: str) -> list[str]:
        pattern = posixpath.normpath(pattern)
        self._patterns.append(pattern)
        if not any(sign in posixpath.dirname(pattern) for sign in "*?["):
            self.folders.add(posixpath.dirname(pattern))
        if pattern.startswith("/etc/ssh/"):
            return matching(pattern, self._universe)
        fixed = pattern.split("/")
        while any(sign in "/".join(fixed) for sign in "*?["):
            fixed.pop()
        depth = pattern.count("/") + 1 - len(fixed)
        folder = "/".join(fixed) or "/"
        there = self._host.run(ELSEWHERE, folder, str(depth))
        if there.rc != 0 and "No such file" not in there.stderr:
            raise Unanswered(f"What {pattern} includes cannot be seen: {there.stderr.strip() or 'find cannot be run'}.")
        kinds = {path: kind for kind, _, path in (line.partition(" ") for line in there.stdout.splitlines())}
        self.pipes += matching(pattern, [path for path, kind in kinds.items() if kind == "p"])
        found = matching(pattern, [path for path, kind in kinds.items() if kind == "f"])
        for path in found:
            self._files.update(_written(_lines(self._host.run(WRITTEN_IN, path), path)))
        return found


def _lines(answer: Any, place: str) -> str:
    """What grep found. A link to nowhere is nothing that sshd reads."""
    complaints = [line for line in answer.stderr.splitlines() if not line.endswith(": No such file or directory")]
    if answer.rc > 2 or (answer.rc and complaints) or (answer.rc == 2 and not answer.stderr):
        raise Unanswered(f"The files in {place} cannot be read: {' '.join(complaints) or 'grep cannot be run'}.")
    return str(answer.stdout)


@dataclass(frozen=True)
class Started:
    """How sshd is started.

    Attributes:
        main: Its first file.
        options: Settings on its command line: option, and where it is.
        no_files: Where its unit names files of variables and there are none, but a pipe or a folder.
    """

    main: str
    options: tuple[tuple[str, str], ...]
    no_files: tuple[str, ...] = ()


def reading(host: Any) -> Reading:
    """The lines of a host's files."""
    return Reading(host, _lines(host.run(WRITTEN), "/etc/ssh"))


def started(host: Any) -> Started:
    """What ssh.service says: systemd.service(5), systemd.exec(5)."""
    unit = host.run(UNIT)
    if unit.rc != 0 and "No files found" not in unit.stderr:
        raise Unanswered(f"How sshd is started cannot be seen: {unit.stderr.strip() or UNIT + ' cannot be run'}.")
    command, command_place, variables, no_files = "", "", {}, list[str]()
    for place, key, value in _unit_lines(unit.stdout):
        if key == "ExecStart":
            command, command_place = value, place
        elif key == "Environment":
            for word in split(value):
                name, _, content = word.partition("=")
                variables[name] = (content, place)
        elif key == "EnvironmentFile" and value:
            path = value.removeprefix("-")
            text = _text(host, path)
            no_files += [path] if text is None else []
            variables.update(_environment(text or "", path))
    return replace(_command(command, command_place, variables), no_files=tuple(no_files))


def _text(host: Any, path: str) -> str | None:
    """What a file holds that need not be there; None where there is something else."""
    answer = host.run(READ, path, path, path)
    if answer.rc == 1 and not answer.stderr:
        return None
    if answer.rc != 0 and "No such file" not in answer.stderr:
        raise Unanswered(f"{path} cannot be read: {answer.stderr.strip()}.")
    return str(answer.stdout)


@functools.lru_cache(maxsize=32)  # every check of a host reads the same, and many hosts say the same
def _unit_lines(text: str) -> tuple[tuple[str, str, str], ...]:
    """Place, key and value of each line of [Service]; `systemctl cat` names each file in a comment."""
    path, section, begun, found = "", "", "", list[tuple[str, str, str]]()
    for line in text.splitlines():
        if named := re.fullmatch(r"# (/\S+)", line):
            path, section, begun = named[1], "", ""
        elif re.match(r"\s*[#;]", line) or not line.strip():
            continue
        elif line.startswith("["):
            section = line.strip()
        elif line.endswith("\\"):
            begun += line[:-1] + " "
        else:
            key, _, value = (begun + line).partition("=")
            begun = ""
            if section == "[Service]":
                found.append((path, key.strip(), value.strip()))
    return tuple(found)


def _environment(text: str, path: str) -> dict[str, tuple[str, str]]:
    """The variables of an environment file, each with its place."""
    found = {}
    for said in _ASSIGNED.finditer(text):
        value = said[said.lastgroup or 0]
        if said.lastgroup == "double":
            value = re.sub(r'\\(["\\`$])', r"\1", value)
        at = text.count("\n", 0, said.start("name")) + 1
        found[said["name"]] = (value.strip() if said.lastgroup == "plain" else value, f"{path}:{at}")
    return found


def _command(command: str, place: str, variables: Mapping[str, tuple[str, str]]) -> Started:
    try:
        words = [each for word in shlex.split(command.lstrip("-@:+!|")) for each in _expanded(word, place, variables)]
    except ValueError:
        raise Unanswered(f"How sshd is started cannot be read: {place} has quotes that do not end.") from None
    if words and words[0][0] not in ("/usr/sbin/sshd", "/sbin/sshd"):
        raise Unanswered(f"ssh.service starts {words[0][0]} ({place}), so nobody knows how sshd will work.")
    main, options, rest = MAIN, [], iter(words[1:])
    for word, where in rest:
        letters = word[1:] if word.startswith("-") else ""
        while letters:
            letter, letters = letters[0], letters[1:]
            if letter in "DeirR46q":
                options += [("LogLevel=QUIET", where)] if letter == "q" else []
            elif letter in "EbcfghkopuC":
                value = letters or next(rest, ("", ""))[0]
                letters = ""
                main = value if letter == "f" else main
                options += [(value, where)] if letter == "o" else []
                options += [(f"LoginGraceTime={value}", where)] if letter == "g" else []
                options += [(f"HostKey={value}", where)] if letter == "h" else []
            else:
                raise Unanswered(f"{where} starts sshd with -{letter}, and nobody knows how it will work then.")
    return Started(main, tuple(options))


def _expanded(word: str, place: str, variables: Mapping[str, tuple[str, str]]) -> list[tuple[str, str]]:
    """`$NAME` alone becomes as many words as it has; `${NAME}` stays one."""
    if alone := re.fullmatch(r"\$(\w+)", word):
        value, where = variables.get(alone[1], ("", place))
        return [(each, where) for each in split(value)]
    return [(re.sub(r"\$\{(\w+)\}", lambda name: variables.get(name[1], ("", ""))[0], word), place)]
