"""Ending every process of a play on this machine, also those that left its process group or lost their parent."""

from __future__ import annotations

import ctypes
import os
import subprocess
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import psutil

from opsharden.play.environment import MARK

GRACE = 3.0
"""Seconds between asking a process to end and ending it."""

_PR_SET_CHILD_SUBREAPER = 36


def adopt_orphans() -> None:
    """Become the parent of descendants that lose theirs, so that none gets out of sight: see prctl(2)."""
    if ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_CHILD_SUBREAPER)")


def descendants() -> list[psutil.Process]:
    """All living processes below this one."""
    return [process for process in psutil.Process().children(recursive=True) if _alive(process)]


def marked(private: Path) -> list[psutil.Process]:
    """All other living processes that carry the mark of the play of this folder in their environment."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.pid != os.getpid() and process.environ().get(MARK) == str(private) and _alive(process):
                found.append(process)
        except psutil.Error:
            continue  # gone, or another user's
    return found


def end(find: Callable[[], Iterable[psutil.Process]], *, grace: float = GRACE) -> None:
    """Ask processes to end, and kill those that do not.

    They are polled, not waited for: pexpect waits for its child itself and must be the one to find it gone.

    Args:
        find: Gives those still alive; asked again and again, so that what they start meanwhile ends too.
        grace: Seconds between SIGTERM and SIGKILL, and at most after that.
    """
    asked: set[int] = set()
    started = time.monotonic()
    killing = False
    # On a machine under load, looking for them once can take longer than all the time they have: they are killed still.
    while (alive := list(find())) and not (killing and time.monotonic() > started + 2 * grace):
        killing = time.monotonic() > started + grace
        for process in alive:
            try:
                if killing:
                    process.kill()
                elif process.pid not in asked:
                    process.terminate()
                    asked.add(process.pid)
            except psutil.Error:
                continue  # gone
        time.sleep(0.05)


def close_masters(sockets: Path) -> None:
    """Let the ssh masters go whose control sockets are in this folder; by themselves they stay a minute.

    A master overwrites its environment with its title, so no mark finds it.
    """
    asked = [
        subprocess.Popen(
            ["ssh", "-F", "none", "-o", f"ControlPath={socket}", "-O", "exit", "master"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for socket in (sockets.iterdir() if sockets.is_dir() else ())
        if socket.is_socket()
    ]
    for process in asked:
        try:
            process.wait(GRACE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _alive(process: psutil.Process) -> bool:
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
