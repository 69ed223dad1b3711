"""Known secrets leave the supervisor as a mark only."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from opsharden.play.events import HostBegan, HostResult, Notice, PlayEvent, TaskStarted
from opsharden.redaction import Redactor
from opsharden.visible import visible

LONGEST = 2000
"""Characters kept of any one text, cut after redaction: half a secret at the cut would not be recognised."""


class Redaction:
    """Replaces secrets in the texts of events, and makes these harmless to whoever prints them."""

    def __init__(self, secrets: Iterable[str]) -> None:
        self._redactor = Redactor(secrets)

    def text(self, text: str) -> str:
        """The text with every secret replaced, and not longer than it is useful: an error is told at its beginning."""
        clean = visible(self._redactor.text(text))
        return clean if len(clean) <= LONGEST else clean[:LONGEST] + " …"

    def event(self, event: PlayEvent) -> PlayEvent:
        """The event with every secret replaced: task names are templated, so they can hold one too."""
        if isinstance(event, HostResult):
            return replace(event, task=self.text(event.task), message=self.text(event.message))
        if isinstance(event, TaskStarted | HostBegan):
            return replace(event, task=self.text(event.task))
        if isinstance(event, Notice):
            return replace(event, text=self.text(event.text))
        return event
