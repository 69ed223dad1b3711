"""Recorded answers in place of a host: verdicts derived again, by anyone, with no host."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from opsharden.errors import NotRecorded
from opsharden.model import Observation
from opsharden.probe.transports.transport import Answer


class RecordedTransport:
    """A host as it was when it was observed.

    Attributes:
        host: Inventory name.
        is_root: Always true: what was not allowed then has left no observation.
        platform: Empty: nothing is learnt from a recording.
    """

    def __init__(self, host: str, observations: Sequence[Observation]) -> None:
        self.host = host
        self.is_root = True
        self.platform = ""
        self._known = {seen.command: seen for seen in observations}

    def exchange(self, commands: Sequence[str]) -> Iterator[tuple[str, Answer]]:
        """The recorded answers.

        Raises:
            NotRecorded: The run did not ask this.
        """
        for command in commands:
            if command not in self._known:
                raise NotRecorded(f"The run did not ask {self.host} this, so nothing says what is there: {command}")
            yield command, self._known[command]

    def close(self) -> None:
        """There is nothing to leave."""
