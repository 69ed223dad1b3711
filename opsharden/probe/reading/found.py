"""What stands where a file is looked for: nothing is opened before it is known to be a file.

A pipe waits for whoever writes into it, a device may act when it is opened, a folder holds no lines. For checks: they
have find(1) say what each path is, links followed, and hand the files among them to grep, all in one question:

    LOOK = rf"find -L /etc/issue /etc/motd.d -maxdepth 1 {WHAT} -type f -exec grep -Hn '' {{}} +"
    found = looked(host.run(LOOK), "What is shown at login")
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from opsharden.errors import Unanswered

WHAT = r"\( -samefile /dev/null -printf 'n%m %p\n' -o -printf '%y%m %p\n' \)"
"""The part of such a question that has each path told; behind it comes what is done with files."""

NAMES = {"d": "a folder", "p": "a pipe", "s": "a socket", "c": "a device", "b": "a device"}
"""What is no file, in words, by the letter that find and ls show it with."""
_KIND = re.compile(r"([a-zA-Z?])(\d+) (/.*)")
_LINE = re.compile(r"(/.*?):(\d+):(.*)")
# Not there, or a link that leads to itself: nobody can read such a thing.
_NOTHING = (": No such file or directory", ": Too many levels of symbolic links")
_MOST = 1  # of find, where a path is missing or grep finds nothing


@dataclass(frozen=True)
class Found:
    """What a host has at some paths.

    Attributes:
        kinds: Path -> find's letter for what is there, links followed: `f`, `d`, `p`, ...; `l` is a link to nothing,
            `n` leads to /dev/null, which holds nothing and is meant to.
        modes: Path -> permission bits of what is there.
        lines: Path -> number and text of the lines that grep found there.
    """

    kinds: Mapping[str, str]
    modes: Mapping[str, int]
    lines: Mapping[str, tuple[tuple[int, str], ...]]

    def odd(self, path: str) -> str:
        """What stands there, in words, where a file should and none is; empty for a file, and where there is nothing.

        A link to nothing and one to /dev/null are as good as nothing.
        """
        return NAMES.get(self.kinds.get(path, ""), "")

    def no_place(self, path: str) -> str:
        """What keeps text from being written to a path through its links, in words; empty where nothing does."""
        nowhere = {"n": "a link to /dev/null", "l": "a link to nothing"}
        return nowhere.get(self.kinds.get(path, "")) or self.odd(path)

    def left(self, path: str) -> str:
        """The same as what is left to the administrator."""
        what = self.no_place(path)
        return f"{path} is {what}, so apply writes nothing there: put a file in its place." if what else ""


def looked(answer: Any, what: str) -> Found:
    """What find and grep said.

    Args:
        answer: testinfra's result of the question.
        what: What was looked at, for the sentence that says it could not be.

    Raises:
        Unanswered: They say more than that something is not there.
    """
    return parsed(answered(answer, what))


def answered(answer: Any, what: str) -> str:
    """What find printed, where it says no more than that something is not there; else as `looked`."""
    complaints = [line for line in answer.stderr.splitlines() if not line.endswith(_NOTHING)]
    if answer.rc not in range(_MOST + 1) or complaints:
        why = (complaints or ["find cannot be run"])[0].rstrip(".")
        raise Unanswered(f"{what} cannot be seen: {why}.")
    return str(answer.stdout)


@functools.lru_cache(maxsize=64)  # checks of a host, and many hosts, say the same; nothing changes it
def parsed(text: str) -> Found:
    """What such a question was answered with."""
    kinds: dict[str, str] = {}
    modes: dict[str, int] = {}
    lines: dict[str, list[tuple[int, str]]] = {}
    for each in text.split("\n"):  # what else ends a line for Python is part of it here
        if kind := _KIND.fullmatch(each):
            kinds[kind[3]], modes[kind[3]] = kind[1], int(kind[2], 8)
        elif line := _LINE.fullmatch(each):
            lines.setdefault(line[1], []).append((int(line[2]), line[3]))
    frozen = {path: tuple(lines[path]) for path in sorted(lines)}
    return Found(MappingProxyType(kinds), MappingProxyType(modes), MappingProxyType(frozen))
