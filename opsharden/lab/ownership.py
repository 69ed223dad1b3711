"""Whose a lab's files are: under sudo, theirs who called it; they go on without."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path


def caller(environment: Mapping[str, str], *, root: bool) -> tuple[int, int] | None:
    """The user and group who called sudo (sudo(8), ENVIRONMENT); None where nobody did.

    Args:
        environment: Variables of this process.
        root: Whether we are root; somebody else cannot give files away.
    """
    uid, gid = environment.get("SUDO_UID", ""), environment.get("SUDO_GID", "")
    return (int(uid), int(gid)) if root and uid.isdecimal() and gid.isdecimal() else None


def hand_over(*paths: Path) -> None:
    """Give files and folders that we made to who called sudo; their modes stay."""
    whose = caller(os.environ, root=os.geteuid() == 0)
    if whose is not None:
        for path in paths:
            os.chown(path, *whose, follow_symlinks=False)


def make_folder(path: Path) -> None:
    """Make a folder with all above it that are missing; what is there stays as it is."""
    missing = [each for each in (path, *path.parents) if not each.exists()]
    path.mkdir(parents=True, exist_ok=True)
    hand_over(*missing)
