"""The one setting of the machine that the lab may raise: how many inotify instances root may have.

Every lab host's systemd holds some, and all of them count as root's: inotify(7), fs.inotify.max_user_instances.
With none left, further hosts hang in `initializing` and never say why.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from pathlib import Path

from opsharden.errors import LabError

LIMIT = Path("/proc/sys/fs/inotify/max_user_instances")
# Like the setting itself, what lies here does not outlive a reboot.
RECORD = Path("/run/opsharden/inotify-max-user-instances.json")
PROC = Path("/proc")
# Counted on idle hosts: 5 on Debian 13, 6 on Debian 12; one to spare for what roles start.
PER_HOST = 7
RAISED = 4096
_ROOT = 0


def reserve(hosts: int, *, may_raise: bool) -> None:
    """See that so many more hosts find enough inotify instances.

    Args:
        hosts: How many are about to start.
        may_raise: Whether the machine's limit may be raised; `put_back` undoes it.

    Raises:
        LabError: There are too few and the limit may not, or cannot, be raised.
    """
    limit = int(LIMIT.read_text())
    needed = in_use() + hosts * PER_HOST
    if not hosts or needed <= limit:
        return
    if not may_raise:
        raise LabError(
            f"{hosts} more hosts need about {needed} inotify instances in all, and this machine allows root {limit}.",
            "Add --raise-inotify-limit (`lab down` puts the limit back), or ask for fewer hosts.",
        )
    raised = max(RAISED, needed)
    was = _record()["was"] if RECORD.exists() else limit
    # Written down first: whatever ends us in between, `put_back` knows.
    RECORD.parent.mkdir(parents=True, exist_ok=True)
    RECORD.write_text(json.dumps({"was": was, "raised": raised}))
    try:
        LIMIT.write_text(str(raised))
    except OSError as error:
        put_back()
        raise LabError(
            f"This machine does not let us raise its inotify limit: {error.strerror}.", "Ask for fewer hosts."
        ) from None


def put_back() -> bool:
    """Undo what `reserve` raised, unless someone has changed the setting since.

    Returns:
        Whether the limit was put back.
    """
    if not RECORD.exists():
        return False
    record = _record()
    ours = int(LIMIT.read_text()) == record["raised"]
    if ours:
        LIMIT.write_text(str(record["was"]))
    RECORD.unlink()
    with suppress(OSError):  # others may keep something there
        RECORD.parent.rmdir()
    return ours


def in_use() -> int:
    """How many inotify instances the processes of root hold now, those in containers included."""
    count = 0
    for process in PROC.glob("[0-9]*"):
        # A process may end while we look at it; then it holds none.
        with suppress(OSError):
            if process.stat().st_uid == _ROOT:
                count += sum(_is_inotify(entry) for entry in os.scandir(process / "fd"))
    return count


def _is_inotify(entry: os.DirEntry[str]) -> bool:
    with suppress(OSError):
        return os.readlink(entry.path) in ("anon_inode:inotify", "anon_inode:[inotify]")  # noqa: PTH115 - a DirEntry
    return False


def _record() -> dict[str, int]:
    return {key: int(value) for key, value in json.loads(RECORD.read_text()).items()}
