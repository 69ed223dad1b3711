"""All controls and profiles at hand, and the choice among them for one run."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from opsharden.catalogue.content import kinds_checks, profiles_path, roles_path
from opsharden.catalogue.roles import Role, read_roles
from opsharden.catalogue.schema import PROFILE, ProfileEntry, read
from opsharden.catalogue.unknown import unknown
from opsharden.errors import CatalogueError
from opsharden.model import Control, Profile


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Controls, roles and profiles, ours and the user's.

    Attributes:
        roles: By name.
        controls: By id.
        profiles: By name, with what they extend already merged in.
        digest: SHA-256 over every file of the content: what was applied and checked, to the letter.
    """

    roles: Mapping[str, Role]
    controls: Mapping[str, Control]
    profiles: Mapping[str, Profile]
    digest: str

    @property
    def check_folders(self) -> tuple[Path, ...]:
        """Where the checks of all controls are: each role's, and those of the kinds."""
        return (*(role.checks for role in self.roles.values() if role.checks.is_dir()), kinds_checks())

    @property
    def wants(self) -> Mapping[str, Mapping[str, Mapping[str, Any]]]:
        """Of each kind, its controls and what they want."""
        found: dict[str, dict[str, Mapping[str, Any]]] = {}
        for control in self.controls.values():
            if control.kind:
                found.setdefault(control.kind, {})[control.id] = control.want
        return found

    def profile(self, name: str) -> Profile:
        """The profile of that name.

        Raises:
            CatalogueError: There is none.
        """
        if name not in self.profiles:
            raise unknown("profile", name, self.profiles)
        return self.profiles[name]

    def selected(self, profiles: Iterable[str]) -> tuple[str, ...]:
        """The ids of all controls of the profiles, each once, in order."""
        return tuple(dict.fromkeys(control for name in profiles for control in self.profile(name).controls))

    def known(self, ids: Iterable[str]) -> tuple[str, ...]:
        """The ids, each proved to be a control's.

        Raises:
            CatalogueError: One is not; the advice names the nearest that is.
        """
        for control in ids:
            if control not in self.controls:
                raise unknown("control", control, self.controls, otherwise="`opsharden controls list` lists them all.")
        return tuple(ids)


def load_catalogue(role_dirs: Sequence[Path] = (), profile_dirs: Sequence[Path] = ()) -> Catalogue:
    """Read our content and the user's.

    Raises:
        CatalogueError: Something in it is malformed, missing or there twice.
    """
    folders = (roles_path(), *role_dirs)
    roles = read_roles(folders)
    controls: dict[str, Control] = {}
    for role in roles:
        for control in role.controls:
            if control.id in controls:
                raise CatalogueError(
                    f"The control {control.id} is there twice: in {controls[control.id].role} and {role.name}.",
                    "Control ids are kept for good: give yours a prefix of your own.",
                )
            controls[control.id] = control
    profiles = _profiles((profiles_path(), *profile_dirs), controls)
    digest = content_digest((*folders, profiles_path(), *profile_dirs))
    return Catalogue({role.name: role for role in roles}, controls, profiles, digest)


def content_digest(folders: Sequence[Path]) -> str:
    """SHA-256 over names and bytes of all files below the folders, without what tools leave behind."""
    whole = sha256()
    for folder in folders:
        for path in sorted(_files(folder), key=lambda path: path.parts):
            whole.update(f"{path.relative_to(folder)}\0".encode())
            whole.update(sha256(path.read_bytes()).digest())
    return whole.hexdigest()


def _files(folder: Path) -> Iterator[Path]:
    for place, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name != "__pycache__"]
        yield from (path for path in map(Path(place).joinpath, names) if path.is_file())


def _profiles(folders: Sequence[Path], controls: Mapping[str, Control]) -> dict[str, Profile]:
    entries: dict[str, ProfileEntry] = {}
    for folder in folders:
        if not folder.is_dir():
            raise CatalogueError(f"There is no folder of profiles at {folder}.", "Correct `profile_dirs`.")
        for path in sorted(folder.glob("*.yml")):
            entry = read(path, PROFILE)
            entries[entry.name] = entry
    return {name: _merged(name, entries, controls, ()) for name in entries}


def _merged(
    name: str, entries: Mapping[str, ProfileEntry], controls: Mapping[str, Control], seen: tuple[str, ...]
) -> Profile:
    if name not in entries:
        raise CatalogueError(f"The profile {seen[-1]} extends {name}, which does not exist.")
    if name in seen:
        raise CatalogueError(f"The profile {name} extends itself: {' → '.join((*seen, name))}.")
    entry = entries[name]
    bases = [_merged(base, entries, controls, (*seen, name)) for base in entry.extends]
    unknown = [control for control in entry.controls if control not in controls]
    if unknown:
        raise CatalogueError(f"The profile {name} names {unknown[0]}, which is no control.")
    values: dict[str, object] = {}
    for layer in (*(base.values for base in bases), entry.values):
        values.update(layer)
    ids = [control for base in bases for control in base.controls] + entry.controls
    return Profile(name, entry.title, tuple(dict.fromkeys(ids)), values)
