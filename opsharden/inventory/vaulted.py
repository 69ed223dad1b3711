"""Which values are secret because of where they were written: by themselves in Ansible Vault, or in a file of its."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ansible._internal._datatag._tags import Origin

from opsharden.inventory import ansible_api
from opsharden.redaction import is_secret

_HEAD = b"$ANSIBLE_VAULT;"


class Vaulted:
    """Tells secrets from other values; each file is looked into once."""

    def __init__(self) -> None:
        self._files: dict[str, bool] = {}

    def secrets(self, name: str, value: object) -> Iterator[object]:
        """The raw values within a variable that must not get out.

        Args:
            name: The variable's, and that of each key within.
            value: What it holds, raw.
        """
        if isinstance(value, Mapping):
            for key, inner in value.items():
                yield from self.secrets(f"{name}.{key}", inner)
        elif isinstance(value, list | tuple):
            for inner in value:
                yield from self.secrets(name, inner)
        elif isinstance(value, ansible_api.EncryptedString) or (self._in_file(value) and is_secret(name, value)):
            yield value

    def _in_file(self, value: Any) -> bool:
        tag = Origin.get_tag(value)
        path = str(tag.path or "") if tag is not None else ""
        if path not in self._files:
            self._files[path] = _is_vault(path)
        return self._files[path]


def _is_vault(path: str) -> bool:
    try:
        with Path(path).open("rb") as file:
            return file.read(len(_HEAD)) == _HEAD
    except OSError:
        return False  # gone, or no file: a program's answer
