"""The last line of defence: no known secret is written to the database, wherever it turned up."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from opsharden.model import Change, Finding, Member, Observation, Run

Redact = Callable[[bytes], bytes]


def unchanged(text: bytes) -> bytes:
    """Redact nothing."""
    return text


class Censor:
    """Puts what is about to be stored through a `Redact`, and makes its text fit for any database."""

    def __init__(self, redact: Redact) -> None:
        self._redact = redact

    def text(self, text: str) -> str:
        """Without secrets, and without what UTF-8 or PostgreSQL cannot hold: lone surrogates and NUL become escapes."""
        safe = self._redact(text.encode(errors="backslashreplace")).decode(errors="backslashreplace")
        return safe.replace("\0", "\\x00")

    def finds(self, text: str) -> bool:
        """Whether there is a secret in it."""
        raw = text.encode(errors="backslashreplace")
        return self._redact(raw) != raw

    def observation(self, seen: Observation) -> Observation:
        """Command and answer without secrets; its digest is then that of what is kept."""
        return replace(
            seen,
            command=self.text(seen.command),
            stdout=self._redact(seen.stdout),
            stderr=self._redact(seen.stderr),
            filed_as="",
        )

    def finding(self, found: Finding, kept_as: Mapping[str, str]) -> Finding:
        """The words without secrets, citing observations under the digests they are kept as."""
        return replace(
            found,
            observed=self.text(found.observed),
            expected=self.text(found.expected),
            reason=self.text(found.reason),
            by_hand=self.text(found.by_hand),
            observations=tuple(kept_as.get(digest, digest) for digest in found.observations),
        )

    def change(self, made: Change) -> Change:
        """Task names are templated, so both they and the message may hold values."""
        return replace(made, task=self.text(made.task), message=self.text(made.message))

    def member(self, host: Member) -> Member:
        """An unreachable host's reason quotes what ssh said."""
        return replace(host, reason=self.text(host.reason), cause=self.text(host.cause))

    def run(self, started: Run) -> Run:
        """The command line may hold `-e` values."""
        return replace(started, command=self.text(started.command))
