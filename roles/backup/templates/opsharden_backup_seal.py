#!/usr/bin/python3
"""Take from the hosts what they have stored: from then on they can add to their backups, not change or delete them.

A directory becomes root's with the sticky bit, a file root's and read-only. Locks stay the host's, which has to remove
them. Hosts write here while we look, so nothing is done by name that could have become a symbolic link since.
"""

import os
import stat
import sys
import time
from pathlib import Path

STILL_WRITTEN = 60  # seconds since the last change of a file that may not be complete


def seal_file(name: str, folder: int) -> None:
    """Seal one file of an open directory, if it is complete and still its host's."""
    seen = os.lstat(name, dir_fd=folder)
    if seen.st_uid == 0 or not stat.S_ISREG(seen.st_mode):
        return
    descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=folder)
    try:
        status = os.fstat(descriptor)
        if stat.S_ISREG(status.st_mode) and status.st_ctime < time.time() - STILL_WRITTEN:
            os.fchown(descriptor, 0, -1)
            os.fchmod(descriptor, 0o440)
    finally:
        os.close(descriptor)


def seal(repository: Path) -> list[OSError]:
    """Seal all that is complete in one repository. What could not be sealed and is still there is a problem."""
    problems: list[OSError] = []
    for path, _, names, folder in os.fwalk(repository, onerror=problems.append):
        if os.fstat(folder).st_uid != 0:
            os.fchown(folder, 0, -1)
            os.fchmod(folder, 0o1770)
        if Path(path) == repository / "locks":
            continue
        for name in names:
            if "-restic-temp-" not in name:
                try:
                    seal_file(name, folder)
                except OSError as problem:
                    problems.append(problem)
    return [problem for problem in problems if not isinstance(problem, FileNotFoundError)]


found = [problem for repository in Path(sys.argv[1]).glob("*/repo") for problem in seal(repository)]
sys.exit("\n".join(map(str, found)) or None)
