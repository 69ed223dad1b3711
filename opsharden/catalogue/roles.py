"""A role as content: its controls, its values, its checks and its proofs, read from one folder."""

from __future__ import annotations

import re
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from opsharden.catalogue.content import KINDS_ROLE
from opsharden.catalogue.kinds import KINDS
from opsharden.catalogue.schema import (
    CASES,
    LIMITS,
    PEERS,
    PROOFS,
    CaseEntry,
    ProofEntry,
    load_yaml,
    read,
    read_controls,
)
from opsharden.errors import CatalogueError
from opsharden.model import Control, Limit


@dataclass(frozen=True, slots=True)
class Role:
    """One role's folder.

    Attributes:
        name: The folder's name, which is the role's name for Ansible too.
        path: The folder.
        controls: What it is answerable for, in the file's order; empty for a helper role.
        defaults: Its values, raw as in defaults/main.yml.
        options: Its variables as meta/argument_specs.yml has them for its tasks/main.yml, each with its `limit` where
            meta/limits.yml has one.
        peers: The variables that name hosts which it looks at beside the one it is for, as meta/peers.yml has them,
            each with the controls that change such a host too.
    """

    name: str
    path: Path
    controls: tuple[Control, ...]
    defaults: Mapping[str, Any]
    options: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    peers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def as_data(self) -> frozenset[str]:
        """The ids of those of its controls that are data."""
        return frozenset(control.id for control in self.controls if control.kind)

    @property
    def left(self) -> frozenset[str]:
        """The ids of those that apply leaves to the administrator: their proofs say how to mend them by hand."""
        return frozenset(control for control, proof in self.proofs.items() if proof.mend)

    @property
    def checks(self) -> Path:
        """The folder of its checks; it may be missing."""
        return self.path / "checks"

    @property
    def proofs(self) -> Mapping[str, ProofEntry]:
        """How to break each control; of one that is data, as its kind knows, where proofs.yml says nothing.

        Read when asked for, as its cases are: no run on hosts needs them.

        Raises:
            CatalogueError: The file is malformed.
        """
        path = self.path / "proofs.yml"
        derived = {each.id: KINDS[each.kind].break_(each.want) for each in self.controls if each.kind}
        known = {control: ProofEntry.model_validate({"break": script}) for control, script in derived.items() if script}
        said = read(path, PROOFS) if path.exists() else {}
        return {**known, **said}

    def cases(self) -> dict[str, list[CaseEntry]]:
        """Ways a host can be, by control, from cases.yml. Read when asked for: no run on hosts needs them.

        Raises:
            CatalogueError: The file is malformed.
        """
        path = self.path / "cases.yml"
        return read(path, CASES) if path.exists() else {}


def read_roles(folders: Sequence[Path]) -> tuple[Role, ...]:
    """All roles below the folders, folder by folder, by name.

    Raises:
        CatalogueError: A folder is missing, a file is malformed, two roles share a name.
    """
    roles: dict[str, Role] = {}
    for folder in folders:
        if not folder.is_dir():
            raise CatalogueError(f"There is no folder of roles at {folder}.", "Correct `roles` in opsharden.toml.")
        for path in sorted(path for path in folder.iterdir() if (path / "tasks").is_dir()):
            if path.name == KINDS_ROLE and not (path / "controls.yml").exists():
                continue  # it serves all others
            if path.name == KINDS_ROLE:
                raise CatalogueError(f"The role {path} bears the name of one of ours.", "Rename yours.")
            if path.name in roles:
                raise CatalogueError(
                    f"Two roles are called {path.name}: {roles[path.name].path} and {path}.", "Rename yours."
                )
            roles[path.name] = _read_role(path)
    return tuple(roles.values())


def _read_role(path: Path) -> Role:
    controls_file = path / "controls.yml"
    controls = read_controls(controls_file, path.name) if controls_file.exists() else ()
    options = _options(path / "meta")
    return Role(
        name=path.name,
        path=path,
        controls=controls,
        defaults=_mapping(path / "defaults" / "main.yml"),
        options=options,
        peers=_peers(path / "meta" / "peers.yml", options, {control.id for control in controls}),
    )


def _options(meta: Path) -> dict[str, Mapping[str, Any]]:
    """See "Role argument validation" in Ansible's guide: a file of its own, else a part of meta/main.yml."""
    for name in ("argument_specs.yml", "argument_specs.yaml", "main.yml", "main.yaml"):
        specs = _mapping(meta / name).get("argument_specs")
        if specs:
            break
    else:
        return {}
    options = (specs.get("main") or {}).get("options") or {} if isinstance(specs, dict) else None
    if not isinstance(options, dict) or not all(isinstance(spec, dict) for spec in options.values()):
        raise CatalogueError(f"{meta / name} does not have the options of `main` as a list of names and specs.")
    return _limited(options, meta / "limits.yml")


def _peers(path: Path, options: Container[str], controls: Container[str]) -> dict[str, tuple[str, ...]]:
    peers = read(path, PEERS) if path.exists() else {}
    for name, changing in peers.items():
        if name not in options:
            raise CatalogueError(f"{path} has {name}, which {path.parent / 'argument_specs.yml'} does not describe.")
        if strange := [control for control in changing if control not in controls]:
            raise CatalogueError(f"{path} has {strange[0]} at {name}, which is no control of this role.")
    return peers


def _limited(options: Mapping[str, Mapping[str, Any]], path: Path) -> dict[str, Mapping[str, Any]]:
    """The options with what Ansible's argument specs have no words for."""
    limits = read(path, LIMITS) if path.exists() else {}
    for name, limit in limits.items():
        if name not in options:
            raise CatalogueError(f"{path} has {name}, which {path.parent / 'argument_specs.yml'} does not describe.")
        if fault := _unclear(limit):
            raise CatalogueError(f"{path}, at {name}: {fault}.", "docs/controls.md shows the shape.")
    return {name: {**spec, "limit": limits[name]} if name in limits else spec for name, spec in options.items()}


def _unclear(limit: Limit) -> str:
    try:
        re.compile(limit.shape)
    except re.error as error:
        return f"the shape is no regular expression ({error})"
    if bool(limit.shape) != bool(limit.words):
        return "a shape needs words that say what it is, and words need a shape"
    return next(filter(None, map(_unclear, limit.parts.values())), "")


def _mapping(path: Path) -> dict[str, Any]:
    try:
        values = load_yaml(path.read_text(encoding="utf-8")) or {}
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise CatalogueError(f"{path} cannot be read: {error}.") from None
    except yaml.YAMLError as error:
        raise CatalogueError(f"{path} is not valid YAML: {' '.join(str(error).split())}.") from None
    if not isinstance(values, dict):
        raise CatalogueError(f"{path} is not a list of names and values.")
    return values
