"""The private folder of a play: for its owner alone, locked while it is used, removed whatever happens.

It lies in memory where the machine has /dev/shm, so that no secret reaches a disk, and its path is short, because
ssh's control sockets go in it: a socket's path has at most 107 bytes, see unix(7).
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from opsharden.play.processes import close_masters, end, marked

PREFIX = "opsharden-play-"
CONTROL = "cp"
"""Where in the folder ssh's control sockets are."""


@dataclass(frozen=True)
class Private:
    """A private folder in use.

    Attributes:
        path: The folder.
        lock: An open descriptor that holds its lock; the supervisor inherits it, so the folder counts as in use until
            both processes are gone.
    """

    path: Path
    lock: int

    def write(self, name: str, text: str) -> Path:
        """Write a file that is its owner's alone from the first byte on, and give its path."""
        path = self.path / name
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        return path


@contextmanager
def private_folder() -> Iterator[Private]:
    """A fresh private folder; at the end nothing of the play is left on this machine."""
    clear_stale()
    path, lock = _create()
    try:
        yield Private(path, lock)
    finally:
        clear(path)
        os.close(lock)


def clear(path: Path) -> None:
    """End what still runs of the play of this folder, and remove the folder. Nothing happens where it is gone."""
    if path.exists():
        close_masters(path / CONTROL)
        end(lambda: marked(path))
        shutil.rmtree(path, ignore_errors=True)


def clear_stale() -> None:
    """Clear the folders of plays whose processes were killed before they could do so."""
    for path in _root().glob(f"{PREFIX}*"):
        try:
            if path.is_symlink() or path.stat().st_uid != os.geteuid():
                continue
            lock = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
        except OSError:
            continue  # just gone
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            clear(path)
        except BlockingIOError:
            continue  # in use
        finally:
            os.close(lock)


def _create() -> tuple[Path, int]:
    while True:
        path = Path(tempfile.mkdtemp(prefix=PREFIX, dir=_root()))
        lock = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.path.samestat(os.fstat(lock), path.stat()):
                return path, lock
        except (BlockingIOError, FileNotFoundError):
            pass  # another start took it for a stale one in between
        os.close(lock)


def _root() -> Path:
    memory = Path("/dev/shm")  # noqa: S108 - the folder in it is made by mkdtemp
    return memory if os.access(memory, os.W_OK | os.X_OK) else Path("/tmp")  # noqa: S108 - as above
