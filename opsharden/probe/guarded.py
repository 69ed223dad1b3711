"""Whether only root can change a file: mode, owner, access control list, what it links to, and the folders on the way.

For checks. They ask for all their files in one command, whose answer `listed` reads; only where a link is met, more is
asked, since then other files and folders count than the ones that are named.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from opsharden.model import Mismatch
from opsharden.probe.found import NAMES

_LS = re.compile(r"(?P<kind>.)(?P<mode>\S{9})(?P<acl>\+?)\S* +\d+ (?P<owner>\d+) +(?P<group>\d+) +.*? (?P<path>/.*)")
_NAMEI = re.compile(r"(?P<kind>.)(?P<mode>[-rwxsStT]{9}) (?P<owner>\S+) +(?P<group>\S+) +(?P<name>.*)")
_DIGITS = ({"r": 4, "w": 2}, {"x": 1, "s": 1, "t": 1}, {"s": 1, "S": 1, "t": 1, "T": 1})


@dataclass(frozen=True, slots=True)
class Listed:
    """A file as `ls -ldn` or `namei -l` shows it.

    Attributes:
        kind: The first letter: `-`, `d`, `l`, ...
        mode: Its permission bits.
        owner: Its user: a number, or a name where namei says so.
        group: Its group, likewise.
        has_list: Whether an access control list says more than the mode does.
        target: What it links to.
    """

    kind: str
    mode: int
    owner: str
    group: str
    has_list: bool = False
    target: str = ""


@dataclass(frozen=True, slots=True)
class Limit:
    """What a file may allow at most.

    Attributes:
        mode: The permission bits it may have.
        groups: The numbers and names of the groups it may belong to.
        kind: What it is to be, as ls shows it: `-` a file, `d` a folder.
    """

    mode: int
    groups: Mapping[str, str]
    kind: str = "-"

    def __str__(self) -> str:
        """As people read it."""
        return f"mode {self.mode:o} or stricter, root:{' or root:'.join(self.groups.values())}"


ROOT = {"0": "root"}


def listed(text: str) -> dict[str, Listed]:
    """What `ls -ldn --time-style=+` says of each path.

    Raises:
        ValueError: A line is not as ls writes it.
    """
    found = {}
    for line in text.splitlines():
        match = _LS.fullmatch(line)
        if match is None:
            raise ValueError(f"ls said {line!r}.")
        path, _, target = match["path"].partition(" -> ")
        acl = match["acl"] == "+"
        found[path] = Listed(match["kind"], _bits(match["mode"]), match["owner"], match["group"], acl, target)
    return found


def amiss(host: Any, seen: Mapping[str, Listed], path: str, limit: Limit) -> list[Mismatch]:
    """What lets others than root at a file that is there.

    Args:
        host: testinfra's host.
        seen: The answer for the path and for all folders above it.
        path: The file.
        limit: What it may allow.
    """
    folders = [str(folder) for folder in reversed(PurePosixPath(path).parents)]
    links = [name for name in (*folders, path) if name in seen and seen[name].kind == "l"]
    if links:
        return list(_behind(host, path, limit, f"{links[0]} is a link to {seen[links[0]].target}"))
    wrong = [each for folder in folders for each in open_folder(seen, folder)]
    if seen[path].kind != limit.kind:
        what = NAMES.get(seen[path].kind, "no regular file")
        by_hand = f"{path} is {what}: apply does not take it away, put a file of root's in its place."
        return [*wrong, Mismatch(path, what, str(limit), by_hand=by_hand)]
    return [*wrong, *_file(path, seen[path], limit)]


def _behind(host: Any, path: str, limit: Limit, link: str) -> Iterator[Mismatch]:
    """The same where a link leads elsewhere: what counts is the file there, and all folders on both ways."""
    by_hand = (
        f"{link}, and apply changes nothing elsewhere: close what it leads to, or put a file of root's in its place."
    )
    way = host.run_expect([0, 1], "namei -l %s", path)
    if way.rc:
        yield Mismatch(path, f"{link}, which is not there", str(limit), by_hand=by_hand)
        return
    for match in map(_NAMEI.fullmatch, way.stdout.splitlines()):
        if match and match["kind"] == "d":
            folder = Listed("d", _bits(match["mode"]), match["owner"], match["group"])
            if _is_open(folder):
                what = f"{path}, folder {match['name']} on its way"
                yield Mismatch(what, _shown(folder), "only root can write it", by_hand=by_hand)
    (target,) = listed(host.check_output("ls -ldnL --time-style=+ %s", path)).values()
    if target.kind != limit.kind:
        # What is written to /dev/null nobody reads there afterwards.
        if not link.endswith(" /dev/null"):
            what = NAMES.get(target.kind, "no regular file")
            yield Mismatch(path, f"{what}, {link}", str(limit), by_hand=by_hand)
        return
    for wrong in _file(path, target, limit):
        yield Mismatch(wrong.what, f"{wrong.found}, {link}", wrong.wanted, by_hand=by_hand)


def _file(path: str, found: Listed, limit: Limit) -> Iterator[Mismatch]:
    if found.mode & ~limit.mode or found.owner not in ("0", "root") or found.group not in limit.groups:
        yield Mismatch(path, _shown(found), str(limit))
    elif found.has_list and found.mode & 0o070 and not limit.mode & 0o004:
        # The mode's middle digit is then the most that the list gives to anybody it names.
        yield Mismatch(path, f"{_shown(found)}, and an access control list lets more accounts in", f"{limit}, no list")


def open_folder(seen: Mapping[str, Listed], path: str) -> list[Mismatch]:
    """What lets others than root put files into a folder, if it is there."""
    if path not in seen or not _is_open(seen[path]):
        return []
    return [Mismatch(f"the folder {path}", _shown(seen[path]), "only root can write it")]


def _is_open(folder: Listed) -> bool:
    return folder.owner not in ("0", "root") or bool(folder.mode & 0o022)


def _shown(found: Listed) -> str:
    names = ["root" if who == "0" else who for who in (found.owner, found.group)]
    return f"mode {found.mode:o}, {':'.join(names)}"


def _bits(letters: str) -> int:
    """`rw-r--r--` as a number, the special bits with it."""
    mode = 0
    for place, letter in enumerate(letters):
        ordinary, executable, special = _DIGITS
        triple = 2 - place // 3
        mode |= (ordinary.get(letter, 0) | executable.get(letter, 0)) << 3 * triple
        mode |= special.get(letter, 0) << 9 + triple
    return mode
