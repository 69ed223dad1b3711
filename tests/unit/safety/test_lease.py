"""The script that holds a lease, run here."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

import pytest

from opsharden.errors import HostHeld
from opsharden.model import Host
from opsharden.safety.lease import _SCRIPT, Holder, _taken

pytestmark = pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("flock"), reason="a lease is root's")
HOLDER = Holder("r1", "anna", "node1", "2026-01-02 03:04:05 UTC")


@contextmanager
def asked(path: Path, script: str = _SCRIPT) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """One that asks for the lease: the answer, and the process that holds it for as long as its stdin is open."""
    command = ["sh", "-c", script, "opsharden-lease", str(path), json.dumps(asdict(HOLDER))]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdin
    assert process.stdout
    try:
        yield process.stdout.readline().strip(), process
    finally:
        process.stdin.close()
        process.wait(10)
        process.stdout.close()


def test_a_second_one_is_told_who_has_it_and_the_third_gets_it_when_the_first_is_gone(tmp_path: Path) -> None:
    path = tmp_path / "lease"
    with asked(path) as (first, _):
        assert first == "held"
        assert path.stat().st_mode & 0o777 == 0o600
        with asked(path) as (second, _):
            word, _, who = second.partition(" ")
            assert (word, Holder(**json.loads(who))) == ("taken", HOLDER)
    assert not path.exists(), "nothing stays"
    with asked(path) as (third, _):
        assert third == "held"


def test_one_that_was_killed_holds_nothing(tmp_path: Path) -> None:
    path = tmp_path / "lease"
    with asked(path) as (_, process):
        process.kill()
        process.wait()
        with asked(path) as (answer, _):
            assert answer == "held"


def test_one_that_fell_silent_is_ended(tmp_path: Path) -> None:
    path = tmp_path / "lease"
    with asked(path) as (_, process), asked(path, _SCRIPT.replace("silent=120", "silent=-1")) as (answer, _):
        assert answer == "held"
        assert process.wait(5) != 0


def test_a_sign_of_life_is_written_down(tmp_path: Path) -> None:
    path = tmp_path / "lease"
    with asked(path) as (_, process):
        path.write_text("")
        assert process.stdin
        process.stdin.write("\n")
        process.stdin.flush()
        deadline = time.monotonic() + 5
        while str(process.pid) not in path.read_text():
            assert time.monotonic() < deadline
            time.sleep(0.05)


def test_the_refusal_says_who() -> None:
    host = Host("web1", "192.0.2.1")
    refusal = _taken(host, json.dumps(asdict(HOLDER)).encode())
    assert isinstance(refusal, HostHeld)
    assert refusal.run == "r1"
    assert refusal.message == ("web1 is being changed by the run r1 of anna on node1, since 2026-01-02 03:04:05 UTC.")


@pytest.mark.parametrize("said", [b"", b"{", b"[1]", b'{"run": "x"}', b"\xff", b"1 2 3"])
def test_whatever_a_host_says_instead_is_no_harm(said: bytes) -> None:
    assert _taken(Host("web1", "192.0.2.1"), said).message == "web1 is being changed by another run."


def test_escape_sequences_of_a_host_are_not_passed_on() -> None:
    said = json.dumps({**asdict(HOLDER), "operator": "\x1b[2Janna"}).encode()
    assert "\x1b" not in _taken(Host("web1", "192.0.2.1"), said).message
