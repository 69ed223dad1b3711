"""The files that decide who gets in and as which host, and who could change them."""

import posixpath
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase

import pytest

from opsharden.errors import Unanswered
from opsharden.model import Mismatch
from opsharden.probe.reading import sshdfiles
from opsharden.probe.reading.accesslist import listed

MAIN = "/etc/ssh/sshd_config"
SERVER = "test -e /usr/sbin/sshd"
TREE = (
    r"find /etc/ssh \( -type d -printf 'd %m %u:%g %p\n' \) -o \( -type l -printf 'l %m %u:%g %p\n' \)"
    r" -o \( -type f -printf 'f %m %u:%g %p\n' \)"
    r" -o \( ! -type d ! -type l ! -type f -printf 'o %m %u:%g %p\n' \)"
)
ABOVE = "stat -c 'd %a %U:%G %n' / /etc"
BEHIND = "find -L %s -maxdepth 1 -type f"
ENTRY = "stat -c '%%F|%%a %%U:%%G' %s"
TARGET = "realpath %s"
LISTED = "ls -ldn --time-style=+ %s"


@dataclass(frozen=True)
class Entry:
    """A file (f), folder (d), link (l), or something else (o), itself."""

    kind: str
    mode: int
    owner: str

    @property
    def said(self) -> str:
        """In words."""
        return f"mode {self.mode:o}, {self.owner}"

    @property
    def is_open(self) -> bool:
        """Whether anybody but root can put something else in its place; a link's own mode says nothing."""
        by_group = self.mode & 0o020 and not self.owner.endswith(":root")
        return not self.owner.startswith("root:") or bool(self.kind != "l" and (self.mode & 0o002 or by_group))

    @property
    def may_be_open(self) -> bool:
        """Whether its mode leaves that open: what it shows for the group is the most that an access list gives."""
        return self.kind != "l" and bool(self.mode & 0o020)


class Guarded:
    """The files that decide who gets in and as which host, and the way to each of them."""

    def __init__(self, host: object, reading: object, start: object) -> None:
        self._host = host
        self._entries = dict(self._tree(host.run(TREE), host.run(ABOVE)))
        linked = [path for path, entry in self._entries.items() if entry.kind == "l"]
        behind = [path for link in linked for path in _answered(host.run(BEHIND, link), link).splitlines()]
        self._lines = [*reading.follow(start.main, universe=[*self._entries, *behind])]
        self._read = (*reading.read, *(path for path in behind if path.startswith(f"{MAIN}.d/")))
        self._include_from = sorted(reading.folders)
        self._options = start.options

    def amiss(self) -> list[Mismatch]:
        """What somebody else than root could read or change, each once."""
        files: dict[str, int] = {}
        for path, most in self._files():
            files.setdefault(path, most)
        found = [each for path, most in files.items() for each in self._file(path, most)]
        for folder in self._include_from:
            # Whoever can write there can have sshd read more.
            found += self._folders(f"{folder}/*") if self._entry(folder) else []
        return list({each.what: each for each in found}.values())

    def _files(self) -> Iterator[tuple[str, int]]:
        """Each file and the mode it may have at most."""
        for path in self._read:
            yield path, 0o600
        for key in self._named("hostkey"):
            yield key, 0o600
            yield f"{key}.pub", 0o644
        for certificate in self._named("hostcertificate"):
            yield certificate, 0o644
        for path, entry in self._entries.items():
            name = posixpath.basename(path)
            if entry.kind == "d":
                continue
            if fnmatchcase(name, "ssh_host_*.pub"):
                yield path, 0o644
            elif fnmatchcase(name, "ssh_host_*_key") or path == MAIN or path.startswith(f"{MAIN}.d/"):
                yield path, 0o600

    def _named(self, keyword: str) -> Iterator[str]:
        yield from (line.value for line in self._lines if line.keyword == keyword and line.value.startswith("/"))
        for option, _ in self._options:
            name, _, value = option.partition("=")
            if name.strip().lower() == keyword:
                yield value.strip()

    def _file(self, path: str, most: int) -> Iterator[Mismatch]:
        if self._entry(path) is None:
            return
        real, what = path, path
        if any(entry and entry.kind == "l" for entry in map(self._entry, (path, *_above(path)))):
            real = _answered(self._host.run(TARGET, path), path).strip()
            what = f"{path}, a link to {real}"
        yield from self._folders(path)
        entry = self._entry(real) if real else None
        if entry is None:
            return  # a link to nowhere
        if real != path:
            yield from self._folders(real)
        if entry.kind == "d":
            return  # sshd passes over it
        if entry.kind == "o":
            by_hand = f"{real} is neither a file nor a folder: take it away, or put a file of root's in its place."
            yield Mismatch(what, "no file", f"mode {most:o} or stricter, root:root", by_hand=by_hand)
        elif entry.mode & ~most or entry.owner != "root:root":
            by_hand = f"{real} is outside /etc/ssh and may serve others too: see to its owner and its mode yourself."
            yield Mismatch(
                what,
                entry.said,
                f"mode {most:o} or stricter, root:root",
                by_hand="" if real.startswith("/etc/ssh/") else by_hand,
            )

    def _folders(self, path: str) -> Iterator[Mismatch]:
        for folder in _above(path):
            entry = self._entry(folder)
            if entry is None or entry.is_open or (entry.may_be_open and self._has_list(folder)):
                by_hand = f"{folder} is outside /etc/ssh: see to its owner and its mode yourself."
                ours = folder == "/etc/ssh" or folder.startswith("/etc/ssh/")
                said = "not to be seen" if entry is None else entry.said
                said += "" if entry is None or entry.is_open else ", and an access list lets others write"
                yield Mismatch(folder, said, "only root can write there", by_hand="" if ours else by_hand)

    def _has_list(self, folder: str) -> bool:
        return folder in listed(self._host.check_output(LISTED, folder))

    def _entry(self, path: str) -> Entry | None:
        """None where there is nothing."""
        if path not in self._entries and (
            not path.startswith("/etc/ssh/")
            or any(self._entries[each].kind == "l" for each in _above(path) if each in self._entries)
        ):
            said = _answered(self._host.run(ENTRY, path), path).strip()
            if said:
                kind, _, rest = said.partition("|")
                mode, owner = rest.split(" ", 1)
                kinds = {"directory": "d", "symbolic link": "l", "regular file": "f", "regular empty file": "f"}
                self._entries[path] = Entry(kinds.get(kind, "o"), int(mode, 8), owner)
        return self._entries.get(path)

    @staticmethod
    def _tree(*answers: object) -> Iterator[tuple[str, Entry]]:
        for answer in answers:
            if answer.rc != 0:
                raise Unanswered(f"The files in /etc/ssh cannot be seen: {answer.stderr.strip()}.")
            for line in answer.stdout.splitlines():
                kind, mode, owner, path = line.split(" ", 3)
                yield path, Entry(kind, int(mode, 8), owner)


def _above(path: str) -> Iterator[str]:
    """The folders on the way to a path, nearest first."""
    while path != "/":
        path = posixpath.dirname(path)
        yield path


def _answered(answer: object, path: str) -> str:
    """What the host says about a path; nothing where it is not there."""
    if answer.rc != 0 and "No such file" not in answer.stderr:
        raise Unanswered(f"{path} cannot be looked at: {answer.stderr.strip()}.")
    return answer.stdout if answer.rc == 0 else ""


@pytest.fixture
def guarded(host) -> Guarded:
    """The files to guard."""
    there = host.run(SERVER)
    if there.rc == 1:
        pytest.skip("no SSH server is installed")
    if there.rc != 0:
        raise Unanswered(f"Whether there is an SSH server cannot be seen: {there.stderr.strip()}.")
    return Guarded(host, sshdfiles.reading(host), sshdfiles.started(host))
