"""What Ansible says went wrong, in words that hold no secret, and where."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ansible._internal._datatag._tags import Origin

from opsharden.errors import Unresolved
from opsharden.inventory.words import sentence

VAULT_ADVICE = "Give the password with --vault-password-file FILE, --vault-id ID@FILE or --ask-vault-password."


def reason(error: BaseException) -> str:
    """What Ansible says went wrong, in one line."""
    text = str(getattr(error, "message", None) or error or "nothing is said")
    last = list(chain(error))[-1]
    if str(last) == text and type(last).__module__ == "builtins" and not isinstance(last, OSError | UnicodeError):
        # Raised in a plugin, in words that are meant for those who wrote it: 'zone'.
        text = f"{text} ({type(last).__name__})"
    return sentence(text)


def is_vault(error: BaseException) -> bool:
    """Whether vaulted content did not open."""
    return any(word in reason(error).lower() for word in ("vault", "decrypt"))


def chain(error: BaseException | None) -> Iterator[BaseException]:
    """An error and all that led to it."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def origin(error: BaseException) -> str:
    """Where in which file it went wrong, after a space and in brackets; nothing where Ansible does not say."""
    for seen in chain(error):
        if place := source_of(getattr(seen, "obj", None)):
            return f" ({place})"
    return ""


def source_of(value: Any) -> str:
    """Where a value was written, as `path:line` or in words; nothing where Ansible does not know."""
    tag = value if isinstance(value, Origin) else Origin.get_tag(value)
    if tag is None or tag is Origin.UNKNOWN:
        return ""
    if tag.path is None:
        return str(tag.description or "").strip("<>")
    return f"{tag.path}:{tag.line_num}" if tag.line_num else str(tag.path)


def fault(what: str, purpose: str, error: BaseException) -> Unresolved:
    """The error of one host that Ansible's is.

    Args:
        what: The thing that does not work, as the subject of a sentence.
        purpose: What it cannot be: `read`, `rendered`.
        error: Ansible's.
    """
    if is_vault(error):
        return Unresolved(f"{what} is vaulted and no vault password at hand opens it.", VAULT_ADVICE)
    return Unresolved(f"{what} cannot be {purpose}: {reason(error)}")
