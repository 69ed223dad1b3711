"""Who can change files, or read them: mode, owner, access list, what links lead to, and the folders on the way.

For checks. Few questions, each for many files, and most of them answered with no process; where a link is met, or an
access list, or anything is not as it should be, more is asked.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import takewhile
from typing import Any

from opsharden.model import Mismatch
from opsharden.probe.reading.accesslist import beyond, listed
from opsharden.probe.reading.found import NAMES, answered
from opsharden.probe.reading.places import Limit, Place
from opsharden.probe.reading.unchangeable import stuck

_FORM = r"%y %m %U %G %u:%g:%p -> %l\n"
_LINE = re.compile(r"(\S) (\d+) (\d+) (\d+) ([^:]*):([^:]*):(/.*) -> (.*)")
_LINK = re.compile(r"(\S) (\d+) (\d+) (\d+) ([^:]*):([^:]*):(/.*?) -> (.*)")
_HOPS = 20
_NO_NAMES = frozenset("*?[]\\")
_Found = tuple[str, Mismatch]
"""A path, and what is wrong there."""


@dataclass(frozen=True, slots=True)
class Entry:
    """Something at a path, itself: a link is a link.

    Attributes:
        kind: find's letter: `f`, `d`, `l`, `p`, ...
        mode: Its permission bits.
        user: The account it belongs to; root is `root` by whatever name.
        group: Its group.
        path: Where it is.
        target: What it links to.
    """

    kind: str
    mode: int
    user: str
    group: str
    path: str
    target: str = ""

    @property
    def shown(self) -> str:
        """In words."""
        return f"mode {self.mode:o}, {self.user}:{self.group}"

    @property
    def is_open(self) -> bool:
        """Whether others than root can put something else into a folder. A list's mask stands in the mode."""
        return self.user != "root" or bool(self.mode & 0o022)


class Guarded:
    """What is at some places, and on the ways there."""

    def __init__(self, host: Any, places: Sequence[Place], known: Sequence[Place] = (), hops: int = 0) -> None:
        self._host, self._known, self._hops, self._odd = host, known or places, hops, list[str]()
        # What lies in a tree that is looked at anyway takes no question of its own.
        first = [place for place in places if not any(other.tree and other.names(place.path) for other in places)]
        folders = sorted({folder for place in first for folder in place.way})
        self._ways = {entry.path: entry for entry in self._asked((*folders, "-maxdepth", "0"))}
        self._turned = {place: link for place in first if (link := self._first_link(place))}
        self._places = [place for place in places if place not in self._turned]
        reached = [place for place in first if self._is_folder(place.way[-1]) and place not in self._turned]
        self._groups = list(_groups(reached, self._places))
        self.entries = list(dict.fromkeys(entry for words in self._groups for entry in self._asked(words)))
        self._ways |= {entry.path: entry for entry in self.entries}

    def amiss(self) -> list[Mismatch]:
        """Whatever lets others at them, each once."""
        found = list(dict.fromkeys(self._amiss()))
        why = stuck(self._host, sorted({path for path, each in found if not each.by_hand}))
        return [each if each.by_hand else replace(each, by_hand=why.get(path, "")) for path, each in found]

    def _amiss(self) -> Iterator[_Found]:
        yield from self._open_ways()
        for entry in self.entries:
            place = self._place_of(entry)
            if entry.kind == "l":
                yield from self._behind(entry, self._places)
            elif place:
                yield from self._judged(entry, place)
        for place, link in self._turned.items():
            yield from self._behind(link, [place])
        for place in self._places:
            if place.limit.absent == "wrong" and not self.is_there(place):
                yield _missing(place, place.link)
        by_hand = "Its name has a line break, so that nobody can tell what else it stands for: look at it yourself."
        yield from ((line, Mismatch(line, "an odd name", "in one line", by_hand=by_hand)) for line in self._odd)

    def is_there(self, place: Place) -> bool:
        """Whether anything is at a place; a link counts."""
        if place in self._turned:
            return True
        kinds = ("d", "l") if place.folders else "lfpscb"
        return any(place.names(entry.path) and entry.kind in kinds for entry in self.entries)

    def _asked(self, words: Sequence[str]) -> list[Entry]:
        asked = (*words, "-printf", _FORM)
        answer = answered(self._host.run("find" + " %s" * len(asked), *asked), "What this control names")
        found = []
        for line in filter(None, answer.split("\n")):  # names may hold what else ends a line
            match = (_LINK if line.startswith("l") else _LINE).fullmatch(line)
            if match is None:
                self._odd.append(line)
                continue
            kind, mode, uid, gid, user, group, path, target = match.groups()
            owner, of_group = ("root" if number == "0" else name for number, name in ((uid, user), (gid, group)))
            found.append(Entry(kind, int(mode, 8), owner, of_group, path, target))
        return found

    def _is_folder(self, path: str) -> bool:
        return path in self._ways and self._ways[path].kind == "d"

    def _first_link(self, place: Place) -> Entry | None:
        on_way = (self._ways[folder] for folder in place.way if folder in self._ways)
        return next((entry for entry in on_way if entry.kind == "l"), None)

    def _open_ways(self) -> Iterator[_Found]:
        """Folders on the ways that others can write, each once; what is behind a link has a way of its own."""
        for place in (*self._places, *self._turned):
            there = (self._ways[folder] for folder in place.way if folder in self._ways)
            for folder in takewhile(lambda entry: entry.kind == "d", there):
                if folder.is_open:
                    what, wanted = f"the folder {folder.path}", "only root can write it"
                    yield folder.path, Mismatch(what, folder.shown, wanted, by_hand=_elsewhere(place))

    def _place_of(self, entry: Entry) -> Place | None:
        """The place that counts for it: a folder is none where files are meant, but for a single one."""
        fitting = [place for place in self._places if place.names(entry.path)]
        meant = [place for place in fitting if place.single or place.folders == (entry.kind == "d")]
        return max(meant, key=lambda place: place.rank, default=None)

    def _behind(self, link: Entry, places: Iterable[Place]) -> Iterator[_Found]:
        """The same where a link leads elsewhere: what counts is what is there, and the folders on the way."""
        real = posixpath.normpath(posixpath.join(posixpath.dirname(link.path), link.target))
        if ".." in link.target.lstrip("./"):  # what goes up again goes up from wherever a link has led
            real = self._host.run("readlink -m %s", link.path).stdout.rstrip("\n") or real
        said = f"{link.path} is a link to {link.target}"
        if real == "/dev/null" or self._hops == _HOPS:
            meant = (place for place in places if place.limit.absent == "wrong" and place.behind(link.path))
            yield from (_missing(place, said) for place in meant)
            return
        if _NO_NAMES.intersection(real):
            by_hand = f"{said}, a name with signs of a pattern: look yourself who can change it."
            yield link.path, Mismatch(link.path, said, "only root can write it", by_hand=by_hand)
            return
        moved = [rest.moved(real, said) for place in places for rest in place.behind(link.path)]
        left = [place for place in moved if place.tree or not any(known.names(place.path) for known in self._known)]
        # What one of the places names anyway is looked at there.
        if left and not any(known.tree and known.names(real) for known in self._known):
            yield from Guarded(self._host, left, self._known, self._hops + 1)._amiss()

    def _judged(self, entry: Entry, place: Place) -> Iterator[_Found]:
        wanted, found = str(place.limit), entry.shown
        expected = "d" if place.folders else "f"
        if entry.kind != expected and place.single:
            what = NAMES.get(entry.kind, "a file")
            by_hand = f"{entry.path} is {what}: apply does not take it away, put {_one(place)} of root's in its place."
            yield entry.path, Mismatch(entry.path, what + _through(place), wanted, by_hand=by_hand)
            return
        list_says = self._list_beyond(entry, place)
        if not (self._wide(entry, place) or list_says):
            return
        by_hand = _elsewhere(place)
        if entry.kind not in "fd" and not by_hand:
            by_hand = f"{entry.path} is {NAMES[entry.kind]}, which apply leaves alone: close it yourself."
        found += f", and {list_says}" if list_says else ""
        yield entry.path, Mismatch(entry.path, found + _through(place), wanted, by_hand=by_hand)

    def _wide(self, entry: Entry, place: Place) -> bool:
        limit = place.limit
        if (limit.owners and entry.user not in limit.owners) or (limit.groups and entry.group not in limit.groups):
            return True
        too_much = entry.mode & ~limit.mode
        return bool(too_much & ~0o5 or (too_much and not self._is_shut_in(entry)))

    def _is_shut_in(self, entry: Entry) -> bool:
        """Whether a folder above keeps all out that are not of its own group, so that nobody else can read there."""
        above = entry.path
        while (above := posixpath.dirname(above)) in self._folders:
            mode = self._folders[above]
            if not mode & 0o1 and not (mode & 0o10 and above in self._lists):
                return True
        return False

    def _list_beyond(self, entry: Entry, place: Place) -> str:
        """What an access list lets others do beyond the limit, in words; its mask stands in the mode."""
        if not (entry.mode >> 3) & 0o7 & ~place.limit.listed or entry.path not in self._lists:
            return ""
        return beyond(self._host, entry.path, place.limit.listed)

    @cached_property
    def _folders(self) -> dict[str, int]:
        """The modes of the folders among what was asked for."""
        return {entry.path: entry.mode for entry in self.entries if entry.kind == "d"}

    @cached_property
    def _lists(self) -> frozenset[str]:
        """The paths that have an access list which lets anybody do anything."""
        found: set[str] = set()
        for words in self._groups:
            asked = (*words, "-perm", "/070", "-exec", "ls", "-ldn", "--time-style=+", "{}", "+")
            answer = answered(self._host.run("find" + " %s" * len(asked), *asked), "Whether there are access lists")
            found.update(listed(answer))
        return frozenset(found)


def _groups(reached: Sequence[Place], places: Sequence[Place]) -> Iterator[tuple[str, ...]]:
    """What find is asked for: once for what ends somewhere, and once for whole trees."""
    trees = [place for place in reached if place.tree]
    if ends := [place for place in reached if not place.tree]:
        deepest = max(len(place.parts) - len(place.base) for place in ends)
        yield (
            *_bases(ends),
            "-maxdepth",
            str(deepest),
            *_any(dict.fromkeys(test for each in ends for test in each.tests())),
        )
    if trees:
        inside = [place for place in places if place.tree or any(tree.names(place.path) for tree in trees)]
        yield (*_bases(trees), *_any(f"{tree.path}/*" for tree in trees), *_worth_a_look(inside))


def _bases(places: Iterable[Place]) -> list[str]:
    return sorted({place.way[-1] for place in places})


def _any(patterns: Iterable[str], *more: str) -> tuple[str, ...]:
    """What find is asked for what fits one of some patterns, or more."""
    words = [word for pattern in dict.fromkeys(patterns) for word in ("-o", "-path", pattern)]
    return ("(", *more, *(words if more else words[1:]), ")")


def _worth_a_look(places: Sequence[Place]) -> tuple[str, ...]:
    """What find is asked, to leave out of trees what is certainly fine, so that logs may come and go."""
    rest = [place.limit for place in places if not _shown_anyway(place.limit)]
    too_much = 0
    for limit in rest:
        too_much |= 0o7777 & ~limit.mode | (0o7 & ~limit.listed) << 3
    open_ones = ("-o", "-perm", f"/{too_much:o}") if too_much else ()
    others = ("-o", "!", "-user", "root") if any(limit.owners for limit in rest) else ()
    anyway = [place for place in places if _shown_anyway(place.limit)]
    whole = [f"{place.path}/*" if place.tree else place.path for place in anyway]
    return _any(whole, "-type", "d", "-o", "-type", "l", *open_ones, *others)


def _shown_anyway(limit: Limit) -> bool:
    """Whether find is not to judge: whose a file is it tells by name, and where it has to be there it is to be seen."""
    return bool(limit.groups) or limit.owners not in ((), ("root",)) or limit.absent != "fine"


def _missing(place: Place, link: str) -> _Found:
    """A file that has to be there and is not."""
    by_hand = f"{place.path} is not there{link and f' ({link})'}, and apply makes none."
    return place.path, Mismatch(place.path, "not there", str(place.limit), by_hand=by_hand)


def _elsewhere(place: Place) -> str:
    """Why apply leaves what a link leads to; empty where none does."""
    if not place.link:
        return ""
    instead = f"close what it leads to, or put {_one(place)} of root's in its place"
    return f"{place.link}, and apply changes nothing elsewhere: {instead}."


def _through(place: Place) -> str:
    return place.link and f", {place.link}"


def _one(place: Place) -> str:
    return "a folder" if place.folders else "a file"
