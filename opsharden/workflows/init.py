"""init: a folder to work in, with nothing in it that has to be undone."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

from opsharden.access import keys
from opsharden.catalogue import content_root
from opsharden.errors import OpshardenError

_SETTINGS = """\
# Settings of this project; `opsharden config` shows which hold and where each comes from.
inventory = ["inventory/hosts.yml"]

# What hosts are to have that declare nothing themselves (variable opsharden_profiles).
profiles = ["baseline-1"]

# How many hosts are worked on at the same time.
forks = 20

# Folders of your own: roles, plain testinfra tests, profiles.
# roles = ["roles"]
# checks = ["checks"]
# profile_dirs = ["profiles"]
"""
_IGNORED = """\
# Evidence and keys stay on this machine.
.opsharden/
keys/
"""


def init(folder: Path) -> tuple[Path, ...]:
    """Make a project folder. What is there already is left as it is.

    Args:
        folder: Where; made where it does not exist.

    Returns:
        The files made.

    Raises:
        OpshardenError: The folder or a file in it cannot be written.
    """
    try:
        return tuple(_make(folder))
    except OSError as error:
        raise OpshardenError(
            f"The project {folder} cannot be made: {error.strerror or error}.", "Check owner, mode and free space."
        ) from None


def _make(folder: Path) -> Iterator[Path]:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in (("opsharden.toml", _SETTINGS), (".gitignore", _IGNORED)):
        if not (folder / name).exists():
            (folder / name).write_text(text, encoding="utf-8")
            yield folder / name
    example = content_root() / "inventories" / "example"
    for source in sorted(path for path in example.rglob("*") if path.is_file()):
        target = folder / "inventory" / source.relative_to(example)
        if not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)
            yield target
    key = folder / "keys" / "automation"
    if not key.exists():
        key.parent.mkdir(mode=0o700, exist_ok=True)
        keys.create(key)
        yield key
