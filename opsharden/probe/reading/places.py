"""Paths as controls of the kind `access` name them, and how find(1) is asked for what is there.

`/etc/passwd` is a file, `/etc/cron.*/` are folders, `/etc/apt/**` all files below a folder, `/etc/apt/**/` all folders
below it. A `*` stands for anything but a slash. Of several paths that name the same file, the one counts that says most
of it, which is the longest without its `*`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import Any

_LETTERS = {"r": 4, "w": 2, "x": 1}


@dataclass(frozen=True, slots=True)
class Limit:
    """What a file or a folder may allow at most.

    Attributes:
        mode: The permission bits it may have.
        owners: The accounts it may belong to; any, where there is none.
        groups: The groups, likewise.
        by_list: What its access list may let further accounts do, beyond what everybody may; as bits of a mode.
        absent: What it is if nothing is there: `fine`, `wrong` or `not_applicable`.
    """

    mode: int
    owners: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    by_list: int = 0
    absent: str = "fine"

    def __str__(self) -> str:
        """As people read it."""
        mode = f"mode {self.mode:o} or stricter"
        if self.owners and self.groups:
            return f"{mode}, " + " or ".join(f"{owner}:{group}" for owner in self.owners for group in self.groups)
        whose = [
            f"{word} {' or '.join(names)}" for word, names in (("of", self.owners), ("group", self.groups)) if names
        ]
        return ", ".join((mode, *whose))

    @property
    def listed(self) -> int:
        """What its access list may let further accounts do."""
        return (self.mode | self.by_list) & 0o7


@dataclass(frozen=True, slots=True)
class Place:
    """What one path names.

    Attributes:
        parts: Its words between the slashes, less `**`.
        limit: What may be allowed there.
        rank: How much the path says that the control names: what it has beside `*`, and not to be a tree.
        folders: Whether folders are meant, and no files.
        tree: Whether all that is below is meant, however deep.
        single: Whether it is one path, so that what is there has to be a file, or a folder.
        link: `x is a link to y`, where a link leads here; empty where the control names it.
    """

    parts: tuple[str, ...]
    limit: Limit
    rank: tuple[int, bool]
    folders: bool
    tree: bool
    single: bool
    link: str = ""

    @property
    def path(self) -> str:
        """The path, of a tree that of its top."""
        return joined(self.parts)

    @property
    def base(self) -> tuple[str, ...]:
        """The folder that find is to begin at."""
        plain = next((at for at, part in enumerate(self.parts) if "*" in part), len(self.parts))
        return self.parts[: plain if plain < len(self.parts) or self.tree else -1]

    @property
    def way(self) -> list[str]:
        """The folders down to there, from the highest."""
        return [joined(self.base[:length]) for length in range(len(self.base) + 1)]

    def tests(self) -> Iterator[str]:
        """Patterns for find's -path of what is there, and of all on the way from the base."""
        for length in range(len(self.base) + 1, len(self.parts) + 1):
            yield joined(self.parts[:length])
        if self.tree:
            yield f"{self.path}/*"

    def names(self, path: str) -> bool:
        """Whether a path is meant."""
        words = path.strip("/").split("/")
        enough = len(words) > len(self.parts) if self.tree else len(words) == len(self.parts)
        return enough and _fits(words, self.parts)

    def behind(self, path: str) -> list[Place]:
        """What is meant behind a link at this path, as if it began there: below the path, and itself."""
        words = path.strip("/").split("/")
        if not _fits(words, self.parts):
            return []
        rest = self.parts[len(words) :]
        if self.tree and len(words) > len(self.parts):
            return [replace(self, parts=()), replace(self, parts=(), tree=False)]
        return [replace(self, parts=rest)] if rest or self.names(path) or self.tree else []

    def moved(self, folder: str, link: str) -> Place:
        """The same below a folder, which a link leads to."""
        parts = tuple(word for word in folder.split("/") if word)
        return replace(self, parts=parts + self.parts, link=self.link or link)


def joined(parts: Sequence[str]) -> str:
    """Words as an absolute path."""
    return f"/{'/'.join(parts)}"


def place(path: str, wanted: Mapping[str, Any]) -> Place:
    """What a path of a control names, and what it may allow there, as `opsharden.catalogue.kinds.access` has it."""
    parts = [part for part in path.split("/") if part]
    tree = parts[-1] == "**"
    limit = Limit(
        int(wanted["mode"]["at_most"], 8),
        names(wanted.get("owner")),
        names(wanted.get("group")),
        sum(_LETTERS[letter] for letter in wanted.get("by_list", "")),
        wanted.get("absent", "fine"),
    )
    kept = tuple(parts[:-1] if tree else parts)
    rank = (len(path.replace("*", "")), not tree)
    return Place(kept, limit, rank, path.endswith("/"), tree, single="*" not in path)


def names(said: str | Sequence[str] | None) -> tuple[str, ...]:
    """One name or several."""
    return (said,) if isinstance(said, str) else tuple(said or ())


def _fits(words: Sequence[str], parts: Sequence[str]) -> bool:
    """Whether words fit their parts, as far as there are both."""
    return all(map(fnmatchcase, words, parts))
