from __future__ import annotations

import os
import pwd
from pathlib import Path

import pytest

from opsharden.cli import operator
from opsharden.cli.operator import operator as who

ME = pwd.getpwuid(os.getuid()).pw_name


@pytest.fixture
def proc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A /proc without a login."""
    monkeypatch.setattr(operator, "_PROC", tmp_path)
    (tmp_path / "self").mkdir()
    (tmp_path / "self" / "loginuid").write_text("4294967295")
    return tmp_path


def process(proc: Path, pid: int, parent: int, uid: int) -> None:
    (proc / str(pid)).mkdir()
    (proc / str(pid) / "status").write_text(f"Name:\tx\nPPid:\t{parent}\nUid:\t{uid}\t{uid}\t{uid}\t{uid}\n")


def test_the_environment_says_nothing(proc: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME", "SUDO_USER"):
        monkeypatch.setenv(name, "ceo")
    assert who() == ME


def test_who_logged_in_is_told_whoever_it_is_now(proc: Path) -> None:
    (proc / "self" / "loginuid").write_text("4711")
    assert who() == "uid 4711"


@pytest.mark.skipif(os.getuid() != 0, reason="only root has become somebody")
def test_root_is_who_became_root(proc: Path) -> None:
    process(proc, os.getppid(), 500, 0)
    process(proc, 500, 400, 4711)
    process(proc, 400, 1, 0)
    assert who() == "uid 4711"


def test_where_there_is_nothing_to_ask(proc: Path) -> None:
    (proc / "self" / "loginuid").unlink()
    assert who() == ME
