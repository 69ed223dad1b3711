from __future__ import annotations

import json
import shlex

import pytest

from opsharden.model import ChangeStatus
from opsharden.play.events import HostResult, Notice, Stats, TaskStarted
from opsharden.play.redaction import LONGEST, STARS, Redaction

SECRET = 'it\'s "quoted"\n\\ and ü'


@pytest.mark.parametrize(
    "form", [SECRET, json.dumps(SECRET), shlex.quote(SECRET), json.dumps({"a": SECRET}), repr(SECRET)]
)
def test_every_form_is_replaced(form: str) -> None:
    clean = Redaction([SECRET]).text(f"before {form} after")
    assert "quoted" not in clean
    assert STARS in clean
    assert clean.startswith("before ")
    assert clean.endswith(" after")


def test_the_longer_of_two_goes_whole() -> None:
    assert Redaction(["pass", "passphrase"]).text("passphrase") == STARS


def test_empty_secrets_change_nothing() -> None:
    assert Redaction(["", ""]).text("as it was") == "as it was"


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
    text = "x" * (LONGEST - 3) + "hunter2" + "y" * 100_000
    clean = Redaction(["hunter2"]).text(text)
    assert len(clean) <= LONGEST + 2
    assert "hun" not in clean
