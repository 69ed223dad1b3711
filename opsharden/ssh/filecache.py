"""Files that every host needs, read once, and again when they have changed."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from threading import Lock
from typing import Generic, TypeVar

T = TypeVar("T")


class FileCache(Generic[T]):
    """What was made of files, by path. Errors are not kept."""

    def __init__(self, read: Callable[[Path], T], beside: Sequence[str] = ()) -> None:
        """Take what reads a file, and the endings of further files that count as part of it."""
        self._read = read
        self._beside = ("", *beside)
        self._kept: dict[Path, tuple[object, T]] = {}
        self._lock = Lock()

    def __call__(self, path: Path) -> T:
        """What is made of this file as it is now."""
        # Taken before the file is read: a change meanwhile is seen the next time.
        stamp = [_stamp(f"{path}{ending}") for ending in self._beside]
        kept = self._kept.get(path)
        if kept is not None and kept[0] == stamp:
            return kept[1]
        with self._lock:  # a fleet's threads all come at once: one reads, the others wait for it
            kept = self._kept.get(path)
            if kept is None or kept[0] != stamp:
                kept = self._kept[path] = (stamp, self._read(path))
        return kept[1]


def _stamp(path: str) -> tuple[int, ...] | None:
    try:
        status = os.stat(path)  # noqa: PTH116 - a Path costs more than the call, and every host pays it
    except OSError:
        return None
    return status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns
