"""Known secrets leave the supervisor as stars only."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterable
from dataclasses import replace

from opsharden.play.events import HostResult, Notice, PlayEvent, TaskStarted

STARS = "*****"
LONGEST = 2000
"""Characters kept of any one text, cut after redaction: half a secret at the cut would not be recognised."""


class Redaction:
    """Replaces secrets in the texts of events."""

    def __init__(self, secrets: Iterable[str]) -> None:
        forms = {form for secret in secrets if secret for form in _forms(secret)}
        # Longest first: where one secret begins with another, the whole of it must go.
        ordered = sorted(forms, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, ordered))) if ordered else None

    def text(self, text: str) -> str:
        """The text with every secret replaced, and not longer than it is useful: an error is told at its beginning."""
        clean = self._pattern.sub(STARS, text) if self._pattern else text
        return clean if len(clean) <= LONGEST else clean[:LONGEST] + " …"

    def event(self, event: PlayEvent) -> PlayEvent:
        """The event with every secret replaced: task names are templated, so they can hold one too."""
        if isinstance(event, HostResult):
            return replace(event, task=self.text(event.task), message=self.text(event.message))
        if isinstance(event, TaskStarted):
            return replace(event, task=self.text(event.task))
        if isinstance(event, Notice):
            return replace(event, text=self.text(event.text))
        return event


def _forms(secret: str) -> Iterable[str]:
    yield secret
    yield shlex.quote(secret)
    yield json.dumps(secret)[1:-1]
    yield json.dumps(secret, ensure_ascii=False)[1:-1]
    yield repr(secret)[1:-1]
