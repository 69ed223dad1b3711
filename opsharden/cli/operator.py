"""Who ran it: from what the kernel knows, since the environment (LOGNAME, SUDO_USER) says what anybody likes."""

from __future__ import annotations

import os
import pwd
from contextlib import suppress
from pathlib import Path

_UNSET = 2**32 - 1
_PROC = Path("/proc")


def operator() -> str:
    """The name of the user who logged in, whoever it is now; see loginuid in proc_pid_loginuid(5).

    Where no login was noted (a container, a service), it is the user of the process, and for root the first of the
    processes above that is not root's: from where somebody became root.
    """
    uid = _login(_PROC)
    if uid is None:
        uid = os.getuid() or _above(_PROC, os.getppid())
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"uid {uid}"


def _login(proc: Path) -> int | None:
    with suppress(OSError, ValueError):
        uid = int((proc / "self" / "loginuid").read_text())
        return None if uid == _UNSET else uid
    return None


def _above(proc: Path, pid: int) -> int:
    """The user of the nearest process from here upwards that is not root; 0 where there is none."""
    while pid > 0:
        try:
            status = (proc / str(pid) / "status").read_text()
        except OSError:
            return 0
        fields = dict(line.split(":", 1) for line in status.splitlines() if ":" in line)
        if uid := int(fields["Uid"].split()[0]):
            return uid
        pid = int(fields["PPid"])
    return 0
