"""The backup client of the role `backup`, as a program of its own."""

from __future__ import annotations

import json
import os
import runpy
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from opsharden.catalogue import roles_path

CLIENT = roles_path() / "backup" / "templates" / "opsharden_backup.py"

# restic 0.14 as it behaves: it is gone, and the ssh it started is not yet.
LEAVES_ONE_BEHIND = """
import pathlib, runpy, subprocess, sys
client = runpy.run_path(sys.argv[1])
client["alone"].__wrapped__.__globals__["STATE"] = pathlib.Path(sys.argv[2])
with client["alone"]():
    left = f"( sleep 0.5; echo gone > {sys.argv[2]}/left ) &"
    subprocess.run(["sh", "-c", left], check=True, stdout=subprocess.DEVNULL)
print((pathlib.Path(sys.argv[2]) / "left").read_text(), end="")
"""


def test_it_ends_after_all_that_it_started(tmp_path: Path) -> None:
    words = [sys.executable, "-c", LEAVES_ONE_BEHIND, str(CLIENT), str(tmp_path)]
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=20)
    assert (done.returncode, done.stdout) == (0, "gone\n"), done.stderr


@pytest.mark.parametrize(
    ("path", "pattern"),
    [
        ("/srv/plain path", "/srv/plain path"),
        ("/srv/a[b]c", r"/srv/a\[b\]c"),
        ("/srv/x*y?", r"/srv/x\*y\?"),
        ("/srv/back\\slash", r"/srv/back\\slash"),
        ("/srv/new\nline", "/srv/new\nline"),
    ],
)
def test_a_path_to_restore_stands_for_itself_alone(path: str, pattern: str) -> None:
    literal = runpy.run_path(str(CLIENT))["literal"]
    assert literal(path) == pattern


def test_the_pattern_is_one_that_restic_takes_for_the_path(tmp_path: Path) -> None:
    """With restic itself, where this machine has it: of two paths that a pattern would match, one comes back."""
    if shutil.which("restic") is None:
        pytest.skip("there is no restic here")
    home = tmp_path / "home"
    for name in ("a[bc]*", "ab", "ac1"):
        (home / name).mkdir(parents=True)
        (home / name / "file").write_text(name)
    environment = {**os.environ, "RESTIC_PASSWORD": "of-a-test", "RESTIC_REPOSITORY": str(tmp_path / "repo")}
    literal = runpy.run_path(str(CLIENT))["literal"]
    for words in (
        ["init"],
        ["backup", str(home)],
        ["restore", "latest", f"--target={tmp_path / 'back'}", f"--include={literal(str(home / 'a[bc]*'))}"],
    ):
        subprocess.run(["restic", "--quiet", "--no-cache", *words], env=environment, check=True, timeout=60)
    assert [path.read_text() for path in (tmp_path / "back").rglob("file")] == ["a[bc]*"]


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("", "it did not say why"),
        (
            "config file has zero size, invalid repository?\nmain.open\n\tgithub.com/restic/restic/cmd/global.go:760\n",
            "config file has zero size, invalid repository?",
        ),
        (
            "subprocess ssh: bkp-a@192.0.2.1: Permission denied (publickey).\nFatal: unable to open repository: EOF\n",
            "bkp-a@192.0.2.1: Permission denied (publickey).; Fatal: unable to open repository: EOF",
        ),
        ("warning: x\nFatal: wrong password\nmore\n", "Fatal: wrong password"),
    ],
)
def test_why_restic_failed_is_told_in_its_own_first_words(said: str, told: str) -> None:
    assert runpy.run_path(str(CLIENT))["reason"](said) == told


@pytest.mark.parametrize("held", ['{"snapshot": "0', "[]", "null", "\n", "\udcff"])
def test_a_record_that_says_nothing_is_as_good_as_none(tmp_path: Path, held: str) -> None:
    (tmp_path / "run.json").write_text(held, errors="surrogateescape")
    assert runpy.run_path(str(CLIENT))["read"](tmp_path / "run.json") == {}


def test_nobody_waits_at_a_pipe_in_the_place_of_a_record(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "run.json")
    assert runpy.run_path(str(CLIENT))["read"](tmp_path / "run.json") == {}


def test_a_backup_from_the_future_is_not_the_newest(monkeypatch: pytest.MonkeyPatch) -> None:
    """The clock was wrong once; and of two the later one may be the one with the smaller hour, in its own time zone."""
    client = runpy.run_path(str(CLIENT))["newest"].__globals__
    dates = {
        "old": "2026-01-01T23:00:00.123456789+09:00",
        "new": "2026-01-01T17:00:00.123456789Z",
        "ahead": "2190-01-01T00:00:00Z",
    }
    said = json.dumps([{"id": name, "time": date} for name, date in dates.items()])
    monkeypatch.setitem(client, "restic", lambda *_: subprocess.CompletedProcess((), 0, said, ""))
    assert client["newest"]({"host": "a", "paths": ["/etc"]}) == "new"
    summary = '{"message_type": "summary", "snapshot_id": "old"}\n'
    assert client["taken"]({"host": "a", "paths": ["/etc"]}, summary) == "old"


@pytest.mark.parametrize(
    ("first", "asked"),
    [
        ("subprocess ssh: Connection reset by 192.0.2.1 port 22\nFatal: EOF", ["stats", "stats"]),
        ("subprocess ssh: kex_exchange_identification: read: Connection reset by peer\n", ["stats", "stats"]),
        ("unable to create lock: repository is already locked exclusively by PID 3", ["stats", "unlock", "stats"]),
    ],
)
def test_who_is_turned_away_comes_again_and_a_lock_of_the_dead_is_lifted(
    monkeypatch: pytest.MonkeyPatch, first: str, asked: list[str]
) -> None:
    """With a restic that fails once."""
    client = runpy.run_path(str(CLIENT))["restic"].__globals__
    answers, verbs = iter([first]), []

    def run(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        verbs.append(command[4])
        said = "" if command[4] == "unlock" else next(answers, "")
        return subprocess.CompletedProcess(command, 1 if said else 0, "", said)

    monkeypatch.setattr(subprocess, "run", run)
    monkeypatch.setattr(client["time"], "sleep", lambda _: None)
    client["restic"]("stats")
    assert verbs == asked


def test_who_is_refused_does_not_come_again(monkeypatch: pytest.MonkeyPatch) -> None:
    client = runpy.run_path(str(CLIENT))["restic"].__globals__
    came: list[int] = []

    def run(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        came.append(1)
        return subprocess.CompletedProcess(command, 1, "", "Fatal: wrong password or no key found")

    monkeypatch.setattr(subprocess, "run", run)
    with pytest.raises(client["Failure"], match="wrong password"):
        client["restic"]("stats")
    assert came == [1]
