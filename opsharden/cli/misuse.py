"""What was typed and cannot be understood, as a sentence and a line of advice."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from typing import Any

import typer

from opsharden.errors import UsageError

# The parser is typer's own or click's, by the version; only through what typer hands out can both be named.
_Usage: Any = typer.BadParameter.__base__
_Any: Any = _Usage.__base__

REFUSED: tuple[type[Exception], ...] = (_Any, typer.Abort)
"""What the parser raises for a command line that it cannot follow, and for an input that ended too soon."""

_TOO_MANY = "Got unexpected extra argument"


def help_asked(error: Exception) -> str:
    """The help of a command that was called with nothing behind it; empty for any other of REFUSED."""
    context = getattr(error, "ctx", None)
    return str(context.get_help()) if context and type(error).__name__ == "NoArgsIsHelpError" else ""


def explained(error: Exception, arguments: Sequence[str]) -> UsageError:
    """One of REFUSED as an error of ours.

    Args:
        error: One of them.
        arguments: Those of opsharden.
    """
    if isinstance(error, typer.Abort):
        return UsageError(
            "The input ended where something was asked for.",
            "Where there is no terminal, give passwords by file: --password-file, --become-password-file.",
        )
    context = getattr(error, "ctx", None)
    path = context.command_path if context else "opsharden"
    see = f"`{path} --help` shows what it takes."
    option = getattr(error, "option_name", None)
    if option and hasattr(error, "possibilities"):
        near = f"Did you mean {' or '.join(error.possibilities)}? " if error.possibilities else ""
        return UsageError(f"{path} has no option {option}.", near + see)
    message = _plain(getattr(error, "format_message", lambda: str(error))())
    verbs = context.command.list_commands(context) if context and hasattr(context.command, "list_commands") else []
    if message.startswith("No such command") and verbs:
        typed = message.split("'")[1] if "'" in message else ""
        words = get_close_matches(typed, verbs, 1, cutoff=0.7) or [f"show {typed}"] * ("show" in verbs)
        meant = "".join(f"Did you mean `{path} {word}`? " for word in words)
        return UsageError(f"{path} has no command {typed!r}.", f"{meant}Its commands are: {', '.join(verbs)}.")
    if message.startswith(_TOO_MANY) and any(word.startswith(("-e", "--extra-vars")) for word in arguments):
        # They are not repeated: without quotes, a value with blanks in it falls to pieces.
        return UsageError(f"{_TOO_MANY}s.", f"A value of -e with blanks in it wants quotes. {see}")
    return UsageError(message, see)


_WORDS = {
    "Value error, ": "",
    "Input should be a valid integer, unable to parse string as an integer": "it is to be a whole number",
    "Input should be greater than or equal to": "it is to be at least",
    "Input should be less than or equal to": "it is to be at most",
    "Input should be a valid number, unable to parse string as a number": "it is to be a number",
}
"""What the parser says of a value, and what people say."""


def _plain(message: str) -> str:
    for theirs, ours in _WORDS.items():
        message = message.replace(theirs, ours)
    message = " ".join(message.split())
    return message if message.endswith((".", "!", "?")) else f"{message}."
