"""Ending every process of an Ansible run, also those that left its process group or lost their parent."""

from __future__ import annotations

import ctypes
import signal
import time

import psutil

_PR_SET_CHILD_SUBREAPER = 36
_GRACE = 3.0


def adopt_orphans() -> None:
    """Become the parent of descendants that lose theirs, so that none gets out of sight (prctl(2))."""
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def end_descendants() -> None:
    """SIGTERM to all descendants, and SIGKILL to those that are there a few seconds later.

    They are polled, not waited for: pexpect waits for its child itself, and must be the one to find it gone.
    """
    for number in (signal.SIGTERM, signal.SIGKILL):
        for process in _alive():
            _signal(process, number)
        deadline = time.monotonic() + _GRACE
        while _alive() and time.monotonic() < deadline:
            time.sleep(0.05)


def _alive() -> list[psutil.Process]:
    found = []
    for process in psutil.Process().children(recursive=True):
        try:
            if process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except psutil.NoSuchProcess:
            continue
    return found


def _signal(process: psutil.Process, number: signal.Signals) -> None:
    try:
        process.send_signal(number)
    except psutil.NoSuchProcess:
        return
