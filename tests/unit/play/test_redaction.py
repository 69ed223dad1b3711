from __future__ import annotations

from opsharden.model import ChangeStatus
from opsharden.play.events import HostResult, Notice, Stats, TaskStarted
from opsharden.play.redaction import LONGEST, Redaction


def test_every_text_of_every_event_is_looked_at() -> None:
    redaction = Redaction(["hunter2"])
    for event in (
        TaskStarted("r", "set hunter2"),
        HostResult("h", "r", "set hunter2", ChangeStatus.FAILED, "not hunter2"),
        Notice("error", "hunter2"),
        Stats({}),
    ):
        assert "hunter2" not in repr(redaction.event(event))


def test_texts_are_bounded_and_no_secret_is_cut_in_half() -> None:
    text = "x" * (LONGEST - 3) + "hunter22" + "y" * 100_000
    clean = Redaction(["hunter22"]).text(text)
    assert len(clean) <= LONGEST + 2
    assert "hun" not in clean


def test_escape_sequences_of_a_host_are_made_visible() -> None:
    assert "\x1b" not in Redaction([]).text("\x1b[2Jgone")
