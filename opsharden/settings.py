"""Where to work and how: opsharden.toml, below it OPSHARDEN_* variables, below them the flags of the command line."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, get_args, get_origin

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.fields import FieldInfo

from opsharden import trust
from opsharden.errors import SettingsError

FILE = "opsharden.toml"
PREFIX = "OPSHARDEN_"


@dataclass(frozen=True, slots=True)
class Placed:
    """That a text names a place, and how it is told from the folder it is relative to. A `Path` is placed by itself."""

    how: Callable[[Path, str], str]


def _source(base: Path, source: str) -> str:
    """An inventory source: a path, or a list of hosts, which Ansible tells by its comma."""
    return source if "," in source else str(base / Path(source).expanduser())


def _vault_id(base: Path, given: str) -> str:
    """`ID@SOURCE` or `SOURCE`, where the source is a path unless it is to be typed."""
    label, at, source = given.rpartition("@")
    prompts = source in ("prompt", "prompt_ask_vault_pass")
    return f"{label}{at}{source if prompts else base / Path(source).expanduser()}"


def _database(base: Path, database: str) -> str:
    return database if "://" in database else str(base / Path(database).expanduser())


class Settings(BaseModel):
    """All settings of one invocation, frozen. Those that ansible.cfg has too are called as there.

    Relative paths are relative to the project: the folder that holds opsharden.toml, else the current one.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    project: Path = Field(description="The folder that holds opsharden.toml.")
    inventory: Annotated[tuple[str, ...], Placed(_source)] = Field(
        (), description="Inventory sources, as for Ansible's -i."
    )
    profiles: tuple[str, ...] = Field(
        ("baseline-1",), description="Profiles of hosts that declare none in the variable opsharden_profiles."
    )
    forks: int = Field(20, ge=1, le=500, description="How many hosts are worked on at the same time.")
    roles: tuple[Path, ...] = Field((), description="Folders of roles of your own, in the shape of ours.")
    checks: tuple[Path, ...] = Field((), description="Folders of plain testinfra tests of your own.")
    profile_dirs: tuple[Path, ...] = Field((), description="Folders of profiles of your own.")
    known_hosts: Path = Field(Path("known_hosts"), description="Where host keys are pinned.")
    keys: Path = Field(Path("keys"), description="Where keys that never leave this machine are kept.")
    database: Annotated[str, Placed(_database)] = Field(
        ".opsharden/evidence.db", description="Evidence store: a file, or a SQLAlchemy URL."
    )
    connect_timeout: float = Field(10, gt=0, description="Seconds to wait for a connection.")
    command_timeout: float = Field(60, gt=0, description="Seconds one command of a check may take.")
    host_timeout: float = Field(300, gt=0, description="Seconds the whole verification of one host may take.")
    task_timeout: float = Field(1800, gt=0, description="Seconds one task of an apply may take on a host.")
    apply_timeout: float = Field(7200, gt=0, description="Seconds one Ansible run of an apply may take.")
    standby: bool = Field(
        True, description="Whether a Python stands by on each host while Ansible works there, for speed."
    )
    vault_password_file: Path | None = Field(None, description="A file with the Ansible Vault password.")
    vault_identity_list: Annotated[tuple[str, ...], Placed(_vault_id)] = Field(
        (), description="Vault ids, as for Ansible's --vault-id: ID@FILE."
    )
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
    layers: dict[str, Mapping[str, object]] = {
        "default": {name: each.default for name, each in Settings.model_fields.items() if not each.is_required()},
        "file": _from_file(root / FILE),
        "environment": _from_environment(),
        "flag": {name: value for name, value in (flags or {}).items() if value is not None},
    }
    merged: dict[str, Any] = {"project": root}
    sources: dict[str, str] = {}
    for source, values in layers.items():
        for name, value in values.items():
            # A path on the command line or in the environment is relative to where the user stands.
            base = root if source in ("default", "file") else Path.cwd()
            merged[name] = _placed(base, Settings.model_fields.get(name), value)
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
    for name, field in Settings.model_fields.items():
        raw = os.environ.get(PREFIX + name.upper())
        if raw is not None and name != "project":
            found[name] = [part for part in raw.split(",") if part] if _is_list(field) else raw
    return found


def _placed(base: Path, field: FieldInfo | None, value: object) -> object:
    """A value of a setting, its paths absolute. One of the wrong kind is left for pydantic to tell of."""
    if field is None or (how := _how(field)) is None:
        return value
    if _is_list(field):
        parts = tuple(value) if isinstance(value, list | tuple) else (value,)
        texts = all(isinstance(part, str | Path) for part in parts)
        return tuple(how(base, str(part)) for part in parts) if texts else value
    return how(base, str(value)) if isinstance(value, str | Path) else value


def _how(field: FieldInfo) -> Callable[[Path, str], str] | None:
    said = next((each.how for each in field.metadata if isinstance(each, Placed)), None)
    return said or (_path if Path in (field.annotation, *get_args(field.annotation)) else None)


def _path(base: Path, path: str) -> str:
    return str(base / Path(path).expanduser())


def _is_list(field: FieldInfo) -> bool:
    return get_origin(field.annotation) is tuple
