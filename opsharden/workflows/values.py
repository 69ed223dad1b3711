"""The values that checks judged by, as evidence: what was expected can be told later, without the inventory."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from opsharden.errors import NotRecorded
from opsharden.model import Observation, utcnow

_NOTE = "# values that checks were given for this host"
"""In place of a command. It is a comment: whoever runs it by mistake does nothing."""


def is_note(seen: Observation) -> bool:
    """Whether an observation is a note of values, and nothing that a host was asked."""
    return seen.command == _NOTE


class Watched(Mapping[str, Any]):
    """A host's values that remembers which of them were read."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values = values
        self._read: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        self._read[name] = value = self._values[name]
        return value

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def note(self, host: str) -> Observation:
        """Those that were read, as an observation of the host."""
        text = json.dumps(self._read, sort_keys=True, default=str, ensure_ascii=False)
        return Observation(host, _NOTE, 0, text.encode("utf-8", "backslashreplace"), b"", utcnow(), 0.0)


class Noted(Mapping[str, Any]):
    """The values that were noted for a host.

    Raises:
        NotRecorded: For a value that no check had read.
    """

    def __init__(self, observations: Sequence[Observation]) -> None:
        notes = [seen.stdout for seen in observations if is_note(seen)]
        self._values: dict[str, Any] = json.loads(notes[0]) if notes else {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._values:
            raise NotRecorded(f"The run did not note the value of {name}, so nothing says what was expected.")
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)
