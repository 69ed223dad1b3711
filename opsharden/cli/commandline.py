"""The command line as it is filed and told: of `-e`, the names and not the values."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Sequence

import yaml

from opsharden.redaction import Redactor, told

HIDDEN = "…"
_LONG = "--extra-vars"
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_OPTION = re.compile(r"--[a-z-]+=|-[A-Za-z]")


def filed_command(arguments: Sequence[str]) -> str:
    """The command as it was called, without what was given to `-e`: any of it may be a secret, whatever its name.

    `-e @file` stays as it is, for it says nothing of what is in the file.

    Args:
        arguments: Those of opsharden.
    """
    return shlex.join(["opsharden", *_without_values(arguments)])


def hushed(text: str, arguments: Sequence[str]) -> str:
    """A message about a command line without the values of variables in it.

    Who mistypes a command gives `-e`'s value to something else: to another option, or as a word of its own. So each
    word that reads like one is one.

    Args:
        text: The message; it may repeat words of the command line, or a part of one.
        arguments: Those of opsharden.
    """
    given = {word for each in arguments for word in (each, _OPTION.sub("", each, count=1)) if _is_variables(word)}
    for word in sorted(given, key=len, reverse=True):
        text = text.replace(word, _names(word))
    return Redactor(secret for word in given for secret in told(_variables(word))).text(text) if given else text


def _is_variables(word: str) -> bool:
    return word.lstrip().startswith("{") or (_NAME.fullmatch(word.partition("=")[0]) is not None and "=" in word)


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
    shown = (f"{name}={HIDDEN}" if _NAME.fullmatch(name) else HIDDEN for name in _variables(value))
    return " ".join(shown) or HIDDEN


def _variables(value: str) -> dict[str, object]:
    """What a value of `-e` sets; a word that sets nothing is there by itself, and is no name."""
    try:
        if not value.lstrip().startswith("{"):
            pairs = [pair.partition("=") for pair in shlex.split(value)]
            return {name if sign else f"={name}": content for name, sign, content in pairs}
        found = yaml.safe_load(value)
    except (ValueError, yaml.YAMLError):
        return {}
    return {str(name): content for name, content in found.items()} if isinstance(found, dict) else {}
