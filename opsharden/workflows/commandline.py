"""The command line as it is filed: of `-e`, the names and not the values."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence

import yaml

HIDDEN = "…"
_LONG = "--extra-vars"


def filed_command(arguments: Sequence[str]) -> str:
    """The command as it was called, without what was given to `-e`: any of it may be a secret, whatever its name.

    `-e @file` stays as it is, for it says nothing of what is in the file.

    Args:
        arguments: Those of opsharden.
    """
    return shlex.join(["opsharden", *_without_values(arguments)])


def _without_values(arguments: Sequence[str]) -> Iterator[str]:
    given = iter(arguments)
    for word in given:
        if word == "--":
            yield word
            yield from given
        elif word in ("-e", _LONG):
            yield word
            yield from (_names(value) for value in [next(given, None)] if value is not None)
        elif word.startswith(f"{_LONG}="):
            yield f"{_LONG}={_names(word.partition('=')[2])}"
        elif word.startswith("-") and not word.startswith("--") and (options := word.partition("e"))[1]:
            # Short options in one word: `-Kea=1`. An option before it that takes a value would have the `e` in that.
            yield word if set(options[0][1:]) & set("ilfo") else f"{options[0]}e{_bundled(options[2], given)}"
        else:
            yield word


def _bundled(value: str, given: Iterator[str]) -> str:
    if value:
        return _names(value)
    after = next(given, None)
    return "" if after is None else f" {_names(after)}"


def _names(value: str) -> str:
    """What is left of a value of `-e`."""
    if value.startswith("@"):
        return value
    try:
        if not value.lstrip().startswith("{"):
            pairs = [pair.partition("=") for pair in shlex.split(value)]
            return " ".join(f"{name}={HIDDEN}" if sign else HIDDEN for name, sign, _ in pairs)
        found = yaml.safe_load(value)
    except (ValueError, yaml.YAMLError):
        return HIDDEN
    return " ".join(f"{name}={HIDDEN}" for name in found) if isinstance(found, dict) else HIDDEN
