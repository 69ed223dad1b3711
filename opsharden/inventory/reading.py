"""An inventory read by Ansible, or one sentence that says why not."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from opsharden.errors import InventoryError, VaultError
from opsharden.inventory import ansible_api, faults
from opsharden.inventory.bounded import TooLong, bounded
from opsharden.inventory.heard import Heard
from opsharden.inventory.words import sentence

# libyaml's reader takes a tenth of the time: 2,000 hosts in 0.07 s.
_YAML = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_SHOW = "`ansible-inventory --list -i ...` shows what Ansible makes of it."
_UNKNOWN = re.compile(r"unknown plugin '(\w+\.\w+)\.")
_OF_GROUPS = ("hosts", "children", "vars")
_SUSPECT = (".cfg", ".ini", ".json", ".txt", ".yaml", ".yml")
"""Endings of files that may well be inventories: to pass over one of these without a word loses hosts."""


def _silent(text: str) -> None: ...


@dataclass(frozen=True)
class Care:
    """How to read.

    Attributes:
        strict: Whether it is an error if part of what is written would be left out.
        patience: Seconds that reading may take, with all programs that it runs.
        tell: Told what the user should know and what is no error.
    """

    strict: bool = True
    patience: float = 120
    tell: Callable[[str], None] = _silent


def read(sources: Sequence[str], loader: ansible_api.Loader, heard: Heard, care: Care) -> ansible_api.Reading:
    """Let Ansible read the sources.

    Args:
        sources: Files, folders, scripts or comma lists.
        loader: Opens what is vaulted.
        heard: Listens to Ansible already.
        care: How to read.

    Raises:
        InventoryError: A source is missing, cannot be parsed, or would be read in part only.
        VaultError: A vaulted file does not open.
    """
    for source in sources:
        _precheck(source, care.tell)
    if _names_plugin(sources):
        ansible_api.load_collections()
    try:
        with bounded(care.patience, lambda names: care.tell(_waiting(names))):
            reading = ansible_api.Reading(loader, sources)
    except TooLong:
        raise InventoryError(
            f"The inventory was not read within {care.patience:g} seconds.",
            "Try its script by hand with --list; a longer time is set as inventory_timeout.",
        ) from None
    except Exception as error:
        # Plugins and libraries of the user's run in here: whatever they raise is about the inventory.
        raise _told(error, heard, loader) from None
    _programs_that_failed(heard)
    for text in _misplaced(reading):
        heard.loss(text)
    if care.strict:
        heard.lost()
    return reading


def _waiting(names: str) -> str:
    return f"Still waiting for the inventory{f': {names}' if names else ''}."


def _told(error: Exception, heard: Heard, loader: ansible_api.Loader) -> InventoryError | VaultError:
    """What is wrong, from the plugin that was meant for the source rather than another that was tried too."""
    why: BaseException = error
    place = faults.origin(error)
    if isinstance(error, ansible_api.AnsibleError) and heard.failures:
        source = str(error).rpartition("inventory source ")[2] if "inventory source " in str(error) else ""
        by_plugin = dict(heard.failures)
        why = next((by_plugin[each] for each in _meant(Path(source)) if each in by_plugin), heard.failures[0][1])
        place = _in_file(why) or (f" ({source})" if source else "")
    elif not place and loader.last:
        place = f" ({loader.last})"
    text = faults.reason(why)
    if faults.is_vault(why):
        return VaultError(f"The inventory has vaulted content that does not open{place}: {text}", faults.VAULT_ADVICE)
    said = next((help_ for each in faults.chain(why) if (help_ := getattr(each, "_help_text", None))), "")
    if said.startswith("Standard error"):
        text = f"{text} It said: {sentence(said.partition(chr(10))[2])}"
    plugin = _UNKNOWN.search(text)
    advice = f"ansible-galaxy collection install {plugin[1]}, or correct the name." if plugin else _SHOW
    return InventoryError(f"The inventory cannot be read{place}: {text}", advice)


def _meant(source: Path) -> tuple[str, ...]:
    """The plugins that a source was most likely meant for."""
    if source.suffix in (".yml", ".yaml", ".json"):
        return ("yaml", "auto") if not _names_plugin([str(source)]) else ("auto",)
    return ("script", "ini") if os.access(source, os.X_OK) else ("ini",)


def _in_file(error: BaseException) -> str:
    """Where it went wrong, if that is a line of a file."""
    place = faults.origin(error)
    return place if place.startswith(" (/") else ""


def _programs_that_failed(heard: Heard) -> None:
    """A program that does not work is read as a list of hosts by Ansible: its own lines."""
    for source, plugin in heard.readers.items():
        if plugin != "script" and "," not in source and os.access(source, os.X_OK) and _is_script(Path(source)):
            raise InventoryError(
                f"The inventory {source} is a program that does not work, and its text is no list of hosts.",
                f"Try it by hand: {source} --list",
            )


def _misplaced(reading: ansible_api.Reading) -> Iterator[str]:
    """Keys of groups that stand where hosts or their variables do: what is below them is no host to Ansible."""
    for name, host in reading.manager.hosts.items():
        if name in _OF_GROUPS:
            yield f"`{name}:` stands where Ansible takes it for the name of a host."
        for key in _OF_GROUPS:
            if isinstance(host.vars.get(key), dict):
                yield f"`{key}:` stands where Ansible takes it for a variable of the host {name}."


def _is_script(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(2) == b"#!"


def _precheck(source: str, tell: Callable[[str], None]) -> None:
    """Say what is wrong with a source where a chain of inventory plugins could not say it as well."""
    path = Path(source)
    if "," in source:
        return
    try:
        kind = path.stat().st_mode
    except FileNotFoundError:
        raise InventoryError(
            f"There is no inventory at {source}.",
            "Name one with -i, or in opsharden.toml; that of a lab that is gone is to be taken out there.",
        ) from None
    except OSError as error:
        raise InventoryError(f"The inventory {source} cannot be read: {error.strerror}.") from None
    if not stat.S_ISDIR(kind):
        _precheck_file(path, kind, tell)
        return
    try:
        inner = sorted(path.iterdir())
    except OSError as error:
        raise InventoryError(f"The inventory folder {source} cannot be read: {error.strerror}.") from None
    for each in inner:
        if each.suffix in _SUSPECT and each.name.endswith(tuple(ansible_api.constants.INVENTORY_IGNORE_EXTS)):
            tell(f"{each} is passed over: Ansible ignores {each.suffix} in a folder of inventories.")
        elif not each.name.startswith(".") and each.is_file() and not _ignored(each.name):
            _precheck_file(each, each.stat().st_mode, tell)


def _ignored(name: str) -> bool:
    return name.endswith(tuple(ansible_api.constants.INVENTORY_IGNORE_EXTS))


def _precheck_file(path: Path, kind: int, tell: Callable[[str], None]) -> None:
    if not stat.S_ISREG(kind):
        raise InventoryError(
            f"The inventory {path} is neither a file nor a folder.",
            "An inventory is read several times, so it cannot come through a pipe: write it to a file.",
        )
    if os.access(path, os.X_OK):
        return  # a program; what it prints is looked at when it has run
    try:
        text = path.read_bytes().decode()
    except OSError as error:
        raise InventoryError(f"The inventory {path} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        text = f"The inventory {path} is not written in UTF-8: see line {line}."
        raise InventoryError(text, "Save it as UTF-8.") from None
    if not text.strip():
        tell(f"The inventory {path} is empty.")
    if path.suffix in (".yml", ".yaml"):
        if not text.startswith("$ANSIBLE_VAULT"):
            _precheck_yaml(path, text)
    elif text.startswith("\ufeff"):
        raise InventoryError(
            f"The inventory {path} begins with a byte order mark, which Ansible takes for a part of its first name.",
            "Save it as UTF-8 without BOM.",
        )


def _precheck_yaml(path: Path, text: str) -> None:
    try:
        yaml.compose(text, Loader=_YAML)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        raise InventoryError(
            f"The inventory {path} is not valid YAML at line {line}: {sentence(f'YAML: {error.problem}')[6:]}",
            "Mind the indentation and the colons there and on the line above.",
        ) from None
    except yaml.YAMLError as error:
        raise InventoryError(f"The inventory {path} cannot be read: {sentence(f'YAML: {error}')[6:]}") from None


def _names_plugin(sources: Sequence[str]) -> bool:
    """Whether a source may need plugins of collections: it names one, or Ansible's settings enable further ones."""
    usual = {"host_list", "script", "auto", "yaml", "ini", "toml"}
    if not set(ansible_api.constants.INVENTORY_ENABLED) <= usual:
        return True
    return any(
        line.startswith(("plugin:", '{"plugin"', '"plugin"', "'plugin'"))
        for path in _yaml_files(sources)
        for line in path.read_text(encoding="utf-8", errors="replace").splitlines()
    )


def _yaml_files(sources: Sequence[str]) -> Iterator[Path]:
    for source in sources:
        path = Path(source)
        if "," not in source:
            inner = path.iterdir() if path.is_dir() else (path,)
            yield from (each for each in inner if each.suffix in (".yml", ".yaml", ".json") and each.is_file())
