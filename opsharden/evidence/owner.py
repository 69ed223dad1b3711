"""Whose run it is: enough about a process to tell later, without doubt, whether it still lives."""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_DEAD = ("Z", "X")


@dataclass(frozen=True, slots=True)
class Owner:
    """The process that runs a run.

    A pid alone is handed out again; with the time the process started it is unique for one boot, with the boot id for
    one machine, with the control node's name among the machines that share a database.

    Attributes:
        node: Host name of the control node.
        boot: The kernel's id of this boot (`/proc/sys/kernel/random/boot_id`).
        pid: Process id.
        started: When the process started, in clock ticks since boot (`starttime`, proc_pid_stat(5)).
    """

    node: str
    boot: str
    pid: int
    started: int

    @classmethod
    def current(cls) -> Owner:
        """This very process."""
        pid = os.getpid()
        _, started = _stat(pid)
        return cls(socket.gethostname(), _boot_id(), pid, started)

    def is_gone(self) -> bool:
        """Whether this process has certainly ended. Of another control node's processes we know nothing: False."""
        if self.node != socket.gethostname():
            return False
        if self.boot != _boot_id():
            return True
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return True
        except PermissionError:
            pass  # it lives, under another user
        try:
            state, started = _stat(self.pid)
        except OSError:
            return False  # it lives, but /proc is mounted with hidepid
        return started != self.started or state in _DEAD


@cache
def _boot_id() -> str:
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()


def _stat(pid: int) -> tuple[str, int]:
    """State letter and start time of a process. The name before them is in brackets and may hold anything."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return fields[0], int(fields[19])
