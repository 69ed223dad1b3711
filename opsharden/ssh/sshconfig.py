"""ssh_config(5) for one host, as far as paramiko reads it; what it would read wrongly is marked."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from glob import glob
from pathlib import Path
from typing import Any

import paramiko

from opsharden.ssh.filecache import FileCache

MARK = "opsharden"
"""Set, in what `lookup` gives, to what paramiko does not know and could have changed the way to the host."""

_SYSTEM = Path("/etc/ssh")
_DEPTH = 16
"""As deep as ssh itself follows Include."""

_CRITERIA = {"all": 0, "canonical": 0, "final": 0, "host": 1, "originalhost": 1, "user": 1, "localuser": 1}
"""What paramiko can match on, and how many words follow. It takes any other for true, and runs those of `exec`."""


def files(named: str | None) -> tuple[Path, ...]:
    """The files that ssh reads: the one that -F names, or the user's and then the system's."""
    if named is None:
        return Path("~/.ssh/config").expanduser(), _SYSTEM / "ssh_config"
    return () if named.lower() == "none" else (Path(named).expanduser(),)


def lookup(address: str, named: str | None) -> dict[str, Any]:
    """The options for a host by their lower-case names, tokens filled in where paramiko knows them.

    Args:
        address: The host as it is called on ssh's command line.
        named: The file that -F names, if any.
    """
    text = "".join(f"{line}\n" for path in files(named) for line in ("Host *", *_text(path)))
    try:
        return dict(_parsed(text).lookup(address))
    except (paramiko.ConfigParseError, paramiko.ssh_exception.CouldNotCanonicalize, KeyError, ValueError) as error:
        return {MARK: f"what is in the ssh_config ({error})"}


@lru_cache(maxsize=8)
def _parsed(text: str) -> paramiko.SSHConfig:
    return paramiko.SSHConfig.from_text(text)


def _text(path: Path) -> list[str]:
    base = _SYSTEM if path.parent == _SYSTEM else Path("~/.ssh").expanduser()
    try:
        return list(_lines(path, base, 0))
    except (OSError, ValueError) as error:
        return [f"{MARK} what is in {path} ({error})"]


def _lines(path: Path, base: Path, depth: int) -> Iterator[str]:
    """The lines of a file and of those it includes."""
    if depth > _DEPTH:
        raise ValueError("files that include each other")
    for line in _files(path):
        if not isinstance(line, _Include):
            yield line
            continue
        words = [str(base / Path(word).expanduser()) for word in line.patterns]
        found = [name for word in words for name in sorted(glob(word))]  # noqa: PTH207 - Path.glob takes none of these
        if found and not line.everywhere:
            # It holds for some hosts only, and paramiko has no blocks within blocks.
            yield f"{MARK} an Include inside of a Host"
            continue
        for name in found:
            yield from _lines(Path(name), base, depth + 1)
            yield "Host *"


@dataclass(frozen=True, slots=True)
class _Include:
    """Further files, which may come and go.

    Attributes:
        patterns: Their names, as they are written.
        everywhere: Whether it is in no Host or Match.
    """

    patterns: tuple[str, ...]
    everywhere: bool


def _read(path: Path) -> tuple[str | _Include, ...]:
    return tuple(_entries(path.read_text(encoding="utf-8"))) if path.is_file() else ()


_files = FileCache(_read)


def _entries(text: str) -> Iterator[str | _Include]:
    everywhere = True
    for line in map(str.strip, text.splitlines()):
        if not line or line.startswith("#"):
            continue
        found = re.match(r"(\w+)\s*[\s=]\s*(.*)", line)
        keyword, rest = (found[1].lower(), found[2]) if found else ("", "")
        if keyword == "include":
            yield _Include(tuple(shlex.split(rest, comments=True)), everywhere)
        elif keyword == "match":
            everywhere = False
            yield from _match(rest)
        else:
            everywhere = everywhere and keyword != "host"
            yield line


def _match(criteria: str) -> Iterator[str]:
    """A Match that paramiko can decide; where it cannot, the rest of it and a mark for the hosts it may be about."""
    words, kept, unknown = shlex.split(criteria, comments=True), list[str](), ""
    while words:
        name, _, value = words.pop(0).partition("=")
        count = _CRITERIA.get(name.lower().lstrip("!"))
        if count != 0 and not value and words:
            value = words.pop(0)
        if count is None:
            unknown = name
        else:
            kept += [name.lower(), shlex.quote(value)][: count + 1]
    if not unknown:
        yield f"Match {' '.join(kept)}"
        return
    yield f"Match {' '.join(word for word in kept if word not in ('all', 'canonical')) or 'all'}"
    yield f"{MARK} Match {unknown}"
