"""Whether what lies in a folder can be believed: Python that it names is run, keys and host keys in it are taken."""

from __future__ import annotations

import os
import pwd
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path

from opsharden.errors import SettingsError

VARIABLE = "OPSHARDEN_TRUSTED_PROJECT"
"""Names, in the environment, a project folder that is believed whoever can write there."""

_OURS = ("opsharden.toml", "known_hosts", "keys", ".opsharden")


def hold(project: Path, content: Sequence[Path], named: Sequence[Path] = ()) -> None:
    """Refuse a project into which somebody else can put what we would then run as ourselves.

    As with Ansible's ansible.cfg, a folder that everybody can write is not believed. Whoever is root believes only what
    belongs to root, or to the user who called sudo. A group that can write is somebody's choice, and is let be.

    Args:
        project: The folder we work in.
        content: Folders of roles, tests and profiles that its settings name.
        named: Inventories and files of passwords that its settings name: they may be programs.

    Raises:
        SettingsError: A path is not to be believed.
    """
    believed = os.environ.get(VARIABLE)
    if believed and Path(believed).resolve() == project:
        return
    for path in (*_paths(project, content), *_near(named)):
        if why := _doubt(path):
            raise SettingsError(
                f"{path} {why}, so what lies in {project} is not trusted.",
                f"Mend that (chown, chmod o-w), work in a folder of your own, or set {VARIABLE}={project}.",
            )
    for above in project.parents:
        mode = above.stat().st_mode
        if mode & stat.S_IWOTH and not mode & stat.S_ISVTX:
            raise SettingsError(
                f"{above} can be written by everybody, so what lies in {project} is not trusted.",
                f"Mend that (chmod o-w), work in another folder, or set {VARIABLE}={project}.",
            )


def _paths(project: Path, content: Sequence[Path]) -> Iterator[Path]:
    yield project
    yield from (project / name for name in _OURS)
    for folder in content:
        yield folder
        yield from folder.rglob("*")


def _near(named: Sequence[Path]) -> Iterator[Path]:
    """Files with the folder each lies in, and folders with what lies in them; no deeper, since fleets are large."""
    for path in named:
        yield path
        if path.parent.is_dir() and not path.parent.stat().st_mode & stat.S_ISVTX:
            yield path.parent
        yield from path.iterdir() if path.is_dir() else (path.parent / "group_vars", path.parent / "host_vars")


def _doubt(path: Path) -> str:
    """Why a path is not to be believed; empty where it is, or where there is none."""
    try:
        found = path.stat()
    except OSError:
        return ""
    if found.st_mode & stat.S_IWOTH:
        return "can be written by everybody"
    if os.geteuid() == 0 and found.st_uid not in _believed():
        return f"belongs to {_name(found.st_uid)}, and we are root"
    return ""


def _believed() -> set[int]:
    called = os.environ.get("SUDO_UID", "")  # ours to believe: whoever sets root's environment is root already
    return {0, int(called)} if called.isdigit() else {0}


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"uid {uid}"
