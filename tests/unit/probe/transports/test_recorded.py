from __future__ import annotations

import pytest

from opsharden.errors import NotRecorded
from opsharden.model import Observation, utcnow
from opsharden.probe.backend import Recorder
from opsharden.probe.transports.recorded import RecordedTransport


def test_a_recording_answers_what_was_asked_and_nothing_else() -> None:
    seen = Observation("web1", "uname", 3, b"out", b"err", utcnow(), 0.5)
    recorder = Recorder(RecordedTransport("web1", [seen]))
    assert recorder.ask("uname") is seen
    for _ in range(2):
        with pytest.raises(NotRecorded, match="cat /etc/x"):
            recorder.ask("cat /etc/x")
