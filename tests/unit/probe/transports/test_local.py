"""The dialogue with the helper, on this machine: what is true here is true of every host with python3."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from pydantic import SecretStr

from opsharden.errors import BecomeRefused, TimedOut, TransportBroken
from opsharden.model import Host, Observation
from opsharden.probe.transports.dialogue import Dialogue
from opsharden.probe.transports.local import open_local
from opsharden.probe.transports.transport import OUTPUT_LIMIT, Patience, ask

HERE = Host("here", "localhost", connection="local", become=False)


@pytest.fixture
def here() -> Iterator[Dialogue]:
    dialogue = open_local(HERE, Patience(10, 20, 60))
    yield dialogue
    dialogue.close()


def test_streams_and_status_are_kept_apart(here: Dialogue) -> None:
    seen = ask(here, "echo out; echo err >&2; exit 7")
    assert (seen.rc, seen.stdout, seen.stderr) == (7, b"out\n", b"err\n")
    assert not seen.truncated
    assert not seen.native


def test_a_signal_is_a_negative_status(here: Dialogue) -> None:
    assert ask(here, "kill -9 $$").rc == -9


def test_output_beyond_the_limit_is_cut_and_said_to_be(here: Dialogue) -> None:
    seen = ask(here, "head -c 20000000 /dev/zero")
    assert (len(seen.stdout), seen.truncated, seen.rc) == (OUTPUT_LIMIT, True, 0)


def test_many_questions_at_once_have_each_their_answer(here: Dialogue) -> None:
    commands = [f"echo {number}; echo {number} >&2; exit {number % 7}" for number in range(200)]
    answers = dict(here.exchange(commands))
    assert list(answers) != []
    for number, command in enumerate(commands):
        seen = answers[command]
        assert isinstance(seen, Observation)
        assert (seen.rc, seen.stdout, seen.stderr) == (number % 7, b"%d\n" % number, b"%d\n" % number)


def test_large_answers_do_not_block_large_questions(here: Dialogue) -> None:
    commands = [f"head -c 300000 /dev/zero; : {number} {'x' * 3000}" for number in range(60)]
    answers = dict(here.exchange(commands))
    assert {len(seen.stdout) for seen in answers.values() if isinstance(seen, Observation)} == {300000}


@pytest.mark.parametrize(
    "command",
    ["sleep 60", "sleep 60 >/dev/null 2>&1", "exec >&- 2>&-; sleep 60", "setsid --wait sleep 60"],
)
def test_a_late_command_is_ended_with_its_children_and_the_others_are_answered(command: str) -> None:
    dialogue, began = open_local(HERE, Patience(10, 0.5, 60)), time.monotonic()
    try:
        answers = dict(dialogue.exchange([command, "echo well"]))
    finally:
        dialogue.close()
    assert isinstance(answers[command], TimedOut)
    well = answers["echo well"]
    assert isinstance(well, Observation)
    assert well.stdout == b"well\n"
    assert time.monotonic() - began < 15


def test_when_the_time_of_a_host_is_over_it_is_waited_for_no_longer() -> None:
    dialogue, began = open_local(HERE, Patience(10, 60, 1)), time.monotonic()
    try:
        with pytest.raises(TransportBroken):
            list(dialogue.exchange(["sleep 30"]))
    finally:
        dialogue.close()
    assert time.monotonic() - began < 10


def test_leaving_ends_what_still_runs() -> None:
    dialogue = open_local(HERE, Patience(10, 60, 60))
    list(dialogue.exchange(["true"]))
    dialogue.exchange(["sleep 4242.5"])
    until = time.monotonic() + 10
    while not sleeping():
        assert time.monotonic() < until
        time.sleep(0.05)
    dialogue.close()
    assert not sleeping()


def sleeping() -> list[int]:
    return [each.pid for each in psutil.process_iter(["cmdline"]) if each.info["cmdline"] == ["sleep", "4242.5"]]


def test_every_host_speaks_one_language(here: Dialogue) -> None:
    assert ask(here, "echo $LC_ALL; pwd").stdout == b"C.UTF-8\n/\n"


def test_names_that_are_not_utf_8_arrive_as_they_are(here: Dialogue, tmp_path: Path) -> None:
    (tmp_path / "caf\udce9").write_text("x")
    assert ask(here, f"ls {tmp_path}").stdout == b"caf\xe9\n"
    assert ask(here, f"cat {tmp_path}/caf\udce9").stdout == b"x"


def test_the_platform_is_what_the_machine_says_of_itself(here: Dialogue) -> None:
    release = dict(
        line.split("=", 1) for line in Path("/etc/os-release").read_text().splitlines() if line.count("=") == 1
    )
    assert set(here.platform.split()) == {release["ID"].strip('"'), release["VERSION_ID"].strip('"')}


def test_root_is_become_where_the_inventory_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As for any other host; this machine's own sudo is none to try that on."""
    sudo = tmp_path / "sudo"
    sudo.write_text(
        f'#!/bin/sh\nprintf %s "$3" >&2; read -r word; echo "$word $5" >{tmp_path}/said\nshift 6; exec "$@"\n'
    )
    sudo.chmod(0o755)
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    host = replace(HERE, become=True, become_exe=str(sudo), become_password=SecretStr("open"))
    dialogue = open_local(host, Patience(10, 20, 60))
    try:
        assert ask(dialogue, "echo well").stdout == b"well\n"
    finally:
        dialogue.close()
    assert (tmp_path / "said").read_text() == "open root\n"


def test_a_way_that_is_not_ours_is_refused_here_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    with pytest.raises(BecomeRefused, match="ansible_become_method doas"):
        open_local(replace(HERE, become=True, become_method="doas"), Patience(10, 20, 60))


def test_who_is_root_already_needs_no_sudo(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 0)
    dialogue = open_local(replace(HERE, become=True, become_exe="/nowhere/sudo"), Patience(10, 20, 60))
    dialogue.close()
