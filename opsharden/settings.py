"""Where to work and how: opsharden.toml, below it OPSHARDEN_* variables, below them the flags of the command line."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from opsharden import trust
from opsharden.errors import SettingsError

FILE = "opsharden.toml"
PREFIX = "OPSHARDEN_"
_LISTS = {"inventory", "profiles", "roles", "checks", "profile_dirs", "vault_identity_list"}
_PATHS = {"roles", "checks", "profile_dirs", "known_hosts", "vault_password_file", "keys"}


class Settings(BaseModel):
    """All settings of one invocation, frozen.

    Relative paths are relative to the project: the folder that holds opsharden.toml, else the current one.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    project: Path = Field(description="The folder that holds opsharden.toml.")
    inventory: tuple[str, ...] = Field((), description="Inventory sources, as for Ansible's -i.")
    profiles: tuple[str, ...] = Field(
        ("baseline-1",), description="Profiles of hosts that declare none in the variable opsharden_profiles."
    )
    forks: int = Field(20, ge=1, le=500, description="How many hosts are worked on at the same time.")
    roles: tuple[Path, ...] = Field((), description="Folders of roles of your own, in the shape of ours.")
    checks: tuple[Path, ...] = Field((), description="Folders of plain testinfra tests of your own.")
    profile_dirs: tuple[Path, ...] = Field((), description="Folders of profiles of your own.")
    known_hosts: Path = Field(Path("known_hosts"), description="Where host keys are pinned.")
    keys: Path = Field(Path("keys"), description="Where keys that never leave this machine are kept.")
    database: str = Field(".opsharden/evidence.db", description="Evidence store: a file, or a SQLAlchemy URL.")
    connect_timeout: float = Field(10, gt=0, description="Seconds to wait for a connection.")
    command_timeout: float = Field(60, gt=0, description="Seconds one command of a check may take.")
    host_timeout: float = Field(300, gt=0, description="Seconds the whole verification of one host may take.")
    task_timeout: float = Field(1800, gt=0, description="Seconds one task of an apply may take on a host.")
    apply_timeout: float = Field(7200, gt=0, description="Seconds one Ansible run of an apply may take.")
    vault_password_file: Path | None = Field(None, description="A file with the Ansible Vault password.")
    vault_identity_list: tuple[str, ...] = Field((), description="Vault ids, as for Ansible's --vault-id: ID@FILE.")
    inventory_strict: bool = Field(
        True, description="Whether an inventory of which a part would be left out (a misspelt key) is an error."
    )
    inventory_timeout: float = Field(
        120, gt=0, description="Seconds that reading the inventory may take, with the programs in it."
    )


def load(project: Path | None = None, flags: Mapping[str, object] | None = None) -> Settings:
    """Read the settings that hold for this invocation.

    Args:
        project: The project folder; the current one where None.
        flags: Settings given on the command line; None values were not given.

    Raises:
        SettingsError: A file that cannot be read, an unknown name, a value of the wrong kind.
    """
    return effective(project, flags)[0]


def effective(
    project: Path | None = None, flags: Mapping[str, object] | None = None
) -> tuple[Settings, dict[str, str]]:
    """Like `load`, and beside it where each value came from: `default`, `file`, `environment` or `flag`."""
    root = _here(project)
    trust.hold(root, ())  # before anything in it is read
    layers = {
        "file": _from_file(root / FILE),
        "environment": _from_environment(),
        "flag": {name: value for name, value in (flags or {}).items() if value is not None},
    }
    merged: dict[str, Any] = {"project": root}
    sources: dict[str, str] = {}
    for source, values in layers.items():
        for name, value in values.items():
            # A path on the command line or in the environment is relative to where the user stands.
            base = root if source == "file" else Path.cwd()
            merged[name] = _absolute(base, name, value)
            sources[name] = source
    try:
        settings = Settings(**merged)
    except ValidationError as error:
        problem = error.errors()[0]
        name = ".".join(str(part) for part in problem["loc"])
        known = ", ".join(sorted(set(Settings.model_fields) - {"project"}))
        raise SettingsError(
            f"The setting {name} ({sources.get(name, 'unknown')}) is not valid: {problem['msg'].lower()}.",
            f"Settings are: {known}.",
        ) from None
    settings = settings.model_copy(update={name: _anchored(root, getattr(settings, name)) for name in _PATHS})
    if "://" not in settings.database:
        settings = settings.model_copy(update={"database": str(root / settings.database)})
    trust.hold(root, (*settings.roles, *settings.checks, *settings.profile_dirs), _named(settings, sources))
    return settings, {name: sources.get(name, "default") for name in Settings.model_fields}


def _named(settings: Settings, sources: Mapping[str, str]) -> tuple[Path, ...]:
    """What the project's file has us read and, if it is a program, run. Flags and variables are the user's choice."""
    found = list(settings.inventory) if sources.get("inventory") == "file" else []
    if sources.get("vault_identity_list") == "file":
        found += [each.rpartition("@")[2] for each in settings.vault_identity_list]
    if sources.get("vault_password_file") == "file":
        found.append(str(settings.vault_password_file))
    return tuple(Path(each) for each in found if "," not in each and Path(each).is_absolute())


def _here(project: Path | None) -> Path:
    try:
        return (project or Path.cwd()).resolve()
    except OSError:
        raise SettingsError("The folder we stand in is gone.", "`cd` to the project's folder.") from None


def _from_file(path: Path) -> dict[str, object]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except UnicodeDecodeError:
        raise SettingsError(f"{path} is not written in UTF-8.", "Save it as UTF-8.") from None
    except OSError as error:
        raise SettingsError(f"{path} cannot be read: {error.strerror}.", "Check its owner and mode.") from None
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{path} is not valid TOML: {error}.", "Strings are quoted, lists are in [ ].") from None


def _from_environment() -> dict[str, object]:
    found: dict[str, object] = {}
    for name in Settings.model_fields:
        raw = os.environ.get(PREFIX + name.upper())
        if raw is not None and name != "project":
            found[name] = [part for part in raw.split(",") if part] if name in _LISTS else raw
    return found


def _absolute(base: Path, name: str, value: object) -> object:
    if name == "inventory":
        return tuple(_source(base, str(part)) for part in _many(value))
    if name == "vault_identity_list":
        return tuple(_vault_id(base, str(part)) for part in _many(value))
    if name in _PATHS:
        return _anchored(base, tuple(Path(str(p)) for p in _many(value)) if name in _LISTS else Path(str(value)))
    return value


def _source(base: Path, source: str) -> str:
    """An inventory source: a path, or a list of hosts, which Ansible tells by its comma."""
    return source if "," in source else str(base / Path(source).expanduser())


def _vault_id(base: Path, given: str) -> str:
    """`ID@SOURCE` or `SOURCE`, where the source is a path unless it is to be typed."""
    label, at, source = given.rpartition("@")
    prompts = source in ("prompt", "prompt_ask_vault_pass")
    return f"{label}{at}{source if prompts else base / Path(source).expanduser()}"


def _many(value: object) -> tuple[object, ...]:
    return tuple(value) if isinstance(value, list | tuple) else (value,)


def _anchored(base: Path, value: Any) -> Any:
    if isinstance(value, tuple):
        return tuple(base / path.expanduser() for path in value)
    return None if value is None else base / value.expanduser()
