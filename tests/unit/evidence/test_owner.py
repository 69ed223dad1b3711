from __future__ import annotations

import os
import socket
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from opsharden.evidence import owner as module
from opsharden.evidence.owner import Owner


def test_this_process_lives() -> None:
    here = Owner.current()
    assert here.pid == os.getpid()
    assert here.node == socket.gethostname()
    assert not here.is_gone()


def test_a_process_that_ended_is_gone() -> None:
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    _, started = module._stat(child.pid)
    owner = replace(Owner.current(), pid=child.pid, started=started)
    assert not owner.is_gone()

    child.kill()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert owner.is_gone(), "a zombie does no work any more"

    child.wait()
    child.communicate()
    assert owner.is_gone()


def test_a_pid_handed_out_again_is_another_process() -> None:
    assert replace(Owner.current(), started=1).is_gone()


def test_no_process_outlives_a_reboot() -> None:
    assert replace(Owner.current(), boot="an earlier boot").is_gone()


def test_of_another_control_node_nothing_is_known() -> None:
    assert not replace(Owner.current(), node="other.example", boot="another", pid=2**22).is_gone()


def test_a_process_that_may_not_be_looked_at_counts_as_living(monkeypatch: pytest.MonkeyPatch) -> None:
    def hidden(pid: int) -> tuple[str, int]:
        raise FileNotFoundError(pid)

    here = Owner.current()
    monkeypatch.setattr(module, "_stat", hidden)  # /proc mounted with hidepid cannot be had in a test
    assert not here.is_gone()


def test_a_process_name_may_hold_anything(tmp_path: Path) -> None:
    program = tmp_path / "a) R 1 (b"
    program.symlink_to(sys.executable)
    child = subprocess.Popen(["sleep", "60"])
    plain = module._stat(child.pid)
    child.kill()
    child.wait()
    odd = subprocess.Popen([program, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        state, started = module._stat(odd.pid)
    finally:
        odd.kill()
        odd.communicate()
    assert state.isalpha()
    assert started >= plain[1]
