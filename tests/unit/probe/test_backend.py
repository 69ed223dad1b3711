from __future__ import annotations

from collections.abc import Iterator

import pytest

from opsharden.errors import TimedOut, TooMuch, TransportBroken
from opsharden.model import Host
from opsharden.probe.backend import Recorder
from opsharden.probe.transports import local
from opsharden.probe.transports.dialogue import Dialogue
from opsharden.probe.transports.local import open_local
from opsharden.probe.transports.transport import Patience

HERE = Host("here", "localhost", connection="local", become=False)


@pytest.fixture
def here() -> Iterator[Dialogue]:
    dialogue = open_local(HERE, Patience(10, 1, 60))
    yield dialogue
    dialogue.close()


def test_what_was_expected_costs_no_further_question(here: Dialogue) -> None:
    recorder = Recorder(here)
    recorder.expect(["echo a", "echo b"])
    assert recorder.ask("echo b").stdout == b"b\n"
    assert recorder.ask("echo c").stdout == b"c\n"
    assert (recorder.asked, recorder.missed) == (3, 1)


def test_what_no_check_wanted_is_not_kept(here: Dialogue) -> None:
    recorder = Recorder(here)
    recorder.expect(["echo a", "echo b", "echo c"])
    recorder.ask("echo c")
    recorder.ask("echo b")
    assert [seen.command for seen in recorder.observations] == ["echo c", "echo b"]
    assert recorder.wanted == ("echo c", "echo b")


def test_a_question_has_one_answer(here: Dialogue) -> None:
    recorder = Recorder(here)
    assert recorder.ask("date +%s%N").stdout == recorder.ask("date +%s%N").stdout
    assert len(recorder.used()) == 1
    assert recorder.used() == ()


def test_a_late_answer_is_late_each_time_and_asked_once(here: Dialogue) -> None:
    recorder = Recorder(here)
    recorder.expect(["sleep 60", "echo a"])
    for _ in range(2):
        with pytest.raises(TimedOut, match="sleep 60"):
            recorder.ask("sleep 60")
    assert recorder.ask("echo a").rc == 0
    assert recorder.asked == 2


def test_output_that_was_cut_is_nothing_to_judge_by_and_is_kept(here: Dialogue) -> None:
    recorder = Recorder(here)
    with pytest.raises(TooMuch, match="4 MiB"):
        recorder.ask("head -c 5000000 /dev/zero")
    assert len(recorder.used()) == len(recorder.observations) == 1


def test_a_lost_host_answers_nothing_that_was_still_to_come(here: Dialogue) -> None:
    recorder = Recorder(here)
    recorder.ask("echo a")
    recorder.expect(["kill -9 $PPID", "sleep 0.3; echo b"])
    for _ in range(2):
        with pytest.raises(TransportBroken):
            recorder.ask("sleep 0.3; echo b")


def test_a_host_that_says_too_much_in_all_is_left(monkeypatch: pytest.MonkeyPatch, here: Dialogue) -> None:
    monkeypatch.setattr(local, "_GRACE", 0.1)  # its helper still talks to nobody and does not end by itself
    recorder = Recorder(here)
    recorder.expect([f"head -c 4000000 /dev/zero; : {number}" for number in range(40)])
    with pytest.raises(TransportBroken, match="64 MiB"):
        recorder.settle()
    assert sum(len(seen.stdout) for seen in recorder._answers.values() if seen and hasattr(seen, "stdout")) <= 64 << 20
