"""Work that may hang, since it runs programs of the user's: told of after a while, ended after a longer one."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import psutil

_WORD = 5.0
"""Seconds until somebody who waits is told for what."""

_GRACE = 2.0


class TooLong(BaseException):
    """The time is over. No `Exception`: plugins catch these, and go on."""


@contextmanager
def bounded(seconds: float, waiting: Callable[[str], None]) -> Iterator[None]:
    """Give the block so much time. However it ends but well, no program that it started is left behind.

    Args:
        seconds: How long it may take.
        waiting: Told after a few seconds what is being waited for: the programs that run.

    Raises:
        TooLong: It took longer. Only in the main thread, which is where inventories are read.
    """
    before = _children()
    told = False

    def ring(number: int, frame: FrameType | None) -> None:
        nonlocal told
        if told or seconds <= _WORD:
            raise TooLong
        told = True
        waiting(", ".join(sorted({process.name() for process in _started_since(before)})))
        signal.setitimer(signal.ITIMER_REAL, seconds - _WORD)

    main = threading.current_thread() is threading.main_thread()
    usual = signal.signal(signal.SIGALRM, ring) if main else None
    if main:
        signal.setitimer(signal.ITIMER_REAL, min(_WORD, seconds))
    try:
        yield
    except BaseException:
        if main:
            signal.setitimer(signal.ITIMER_REAL, 0)
        _end(_started_since(before))
        raise
    finally:
        if main:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, usual)


def _children() -> frozenset[int]:
    """Programs that run for us already. Asked of the kernel, since psutil takes 20 ms to load."""
    found = ""
    for file in Path("/proc/self/task").glob("*/children"):
        with suppress(OSError):
            found += f" {file.read_text()}"
    return frozenset(map(int, found.split()))


def _started_since(before: frozenset[int]) -> list[psutil.Process]:
    import psutil  # noqa: PLC0415 - takes time to load, and there is rarely something to end

    found: list[psutil.Process] = []
    for child in psutil.Process().children():
        if child.pid not in before:
            with suppress(psutil.Error):
                found += [child, *child.children(recursive=True)]
    return found


def _end(processes: list[psutil.Process]) -> None:
    import psutil  # noqa: PLC0415 - takes time to load, and there is rarely something to end

    for process in processes:
        with suppress(psutil.Error):
            process.terminate()
    for process in psutil.wait_procs(processes, timeout=_GRACE)[1]:
        with suppress(psutil.Error):
            process.kill()
