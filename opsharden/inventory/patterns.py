"""Host patterns, with the files that they name, before Ansible takes them as it does."""

from __future__ import annotations

from pathlib import Path

from opsharden.errors import InventoryError
from opsharden.inventory.ansible_api import split_host_pattern


def terms(text: str) -> tuple[str, ...]:
    """The single terms of a pattern."""
    return tuple(split_host_pattern(text))


def limits(text: str) -> tuple[str, ...]:
    """The single terms of a limit, those of files that it names (`@FILE`) too.

    Raises:
        InventoryError: A file cannot be read.
    """
    found: list[str] = []
    for term in split_host_pattern(text):
        lines = _lines(Path(term[1:]).expanduser()) if term.startswith("@") else [term]
        found += [each for line in lines for each in split_host_pattern(line)]
    return tuple(found)


def names_nobody(pattern: str, limit: str | None) -> str | None:
    """A sentence on a pattern or a limit that names no host at all, which Ansible takes to mean all of them.

    Raises:
        InventoryError: A file of the limit cannot be read.
    """
    if not terms(pattern):
        return "The pattern is empty, which means all hosts."
    if limit is not None and not limits(limit):
        which = limit.strip().removeprefix("@")
        return f"{f'The file {which} of --limit' if which else 'The --limit'} names no host, which means all hosts."
    return None


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError:
        raise InventoryError(f"The file {path} of --limit is not written in UTF-8.", "Save it as UTF-8.") from None
    except OSError as error:
        raise InventoryError(f"The file {path} of --limit cannot be read: {error.strerror}.") from None
