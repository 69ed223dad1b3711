from __future__ import annotations

import pytest

from opsharden.model import ChangeStatus
from opsharden.play.events import (
    Ended,
    HostCounts,
    HostResult,
    Notice,
    PlayEvent,
    Stats,
    TaskStarted,
    from_line,
    to_line,
)


@pytest.mark.parametrize(
    "event",
    [
        TaskStarted("ssh", "Set ünïcode\nand lines"),
        HostResult("web1", "ssh", "Set", ChangeStatus.FAILED, "no", ignored=True, changed=True, unknown=True),
        Notice("error", "[ERROR]: no"),
        Stats({"web1": HostCounts(ok=3, changed=1)}),
        Ended(cancelled=True, fault="x"),
    ],
)
def test_an_event_survives_the_pipe(event: PlayEvent | Ended) -> None:
    line = to_line(event)
    assert line.count("\n") == 1
    assert from_line(line) == event


@pytest.mark.parametrize("line", ["", "{", "[]", "7", "{}", '{"event": "Other"}', '{"event": "TaskStarted"}'])
def test_a_line_of_another_kind_is_refused(line: str) -> None:
    with pytest.raises(ValueError):
        from_line(line)
