"""Bounds of what the helper answers by itself: in time, in size, and in where it looks.

Sent to hosts in front of `search.py` and `answers.py`. Whoever may write files on a host can have us meet anything: a
pipe that waits for a writer, a device without end, a tree without end, a path on a machine that has gone.
"""

import _signal  # type: ignore[import-not-found]  # signal itself loads enum, which takes longer than all else here
import os
import stat

MOST = 1 << 20
PATIENCE = 3  # answers that came to nothing for lack of time: whatever is wrong there, it is not asked for more
_LONGEST = 5.0  # seconds for one answer; a machine with time to spare has answered long before
_SOURCES = ("files", "systemd")  # of accounts: what else nsswitch.conf(5) names may be on another machine, and wait
_LOCAL = """
bcachefs binfmt_misc bpf btrfs cgroup cgroup2 configfs debugfs devpts devtmpfs efivarfs erofs exfat ext2 ext3 ext4 f2fs
fusectl hugetlbfs iso9660 jfs mqueue nsfs ntfs3 overlay proc pstore ramfs reiserfs securityfs selinuxfs squashfs sysfs
tmpfs tracefs udf vfat xfs zfs
"""
_elsewhere: "list[str]" = []
_known: "dict[str, bool]" = {}


class Clock:
    """Ends an answer that takes too long, in the middle of a system call where it has to."""

    def __init__(self) -> None:
        self.late, self.running = 0, False

    def __enter__(self) -> None:
        _signal.signal(_signal.SIGALRM, self.ring)
        self.running = True
        _signal.setitimer(_signal.ITIMER_REAL, _LONGEST)

    def __exit__(self, *_: object) -> None:
        self.running = False
        _signal.setitimer(_signal.ITIMER_REAL, 0)

    def ring(self, *_: object) -> None:
        """The time is over."""
        if self.running:
            self.running = False
            self.late += 1
            raise TimeoutError


CLOCK = Clock()


def read(path: str, most: int = MOST) -> bytes:
    """All of an ordinary file. A pipe would wait for somebody who writes, a device may never end."""
    nearby(path)
    file = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY)
    try:
        if not stat.S_ISREG(os.fstat(file).st_mode):
            raise ValueError
        parts = []
        while data := os.read(file, min(most, 1 << 16)):
            parts.append(data)
            most -= len(data)
            if not most:
                raise ValueError
    finally:
        os.close(file)
    return b"".join(parts)


def nearby(path: str, below: bool = False) -> None:
    """Decline a path where another machine or a program is asked, since such a call cannot be ended.

    `below`: decline a directory, too, below which such a one is mounted.
    """
    if "mounts" not in _known:
        with open("/proc/self/mounts", encoding="utf-8", errors="surrogateescape") as file:
            mounts = [line.split(" ") for line in file]
        _elsewhere.extend(where.replace("\\040", " ") for _, where, kind, *_ in mounts if kind not in _LOCAL.split())
        _known["mounts"] = True
    for each in _elsewhere:
        if (path + "/").startswith(each + "/") or (below and each.startswith(path.rstrip("/") + "/")):
            raise ValueError


def local_accounts() -> None:
    """Decline where names of accounts may be looked up on another machine."""
    if "accounts" not in _known:
        lines = read("/etc/nsswitch.conf").decode().split("\n")
        named = [line.split("#")[0].split()[1:] for line in lines if line.startswith(("passwd:", "group:"))]
        _known["accounts"] = len(named) == 2 and all(word in _SOURCES for words in named for word in words)
    if not _known["accounts"]:
        raise ValueError
