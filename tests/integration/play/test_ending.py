"""However a play ends, nothing of it is left."""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest
from pydantic import SecretStr

from opsharden.model import ChangeStatus
from opsharden.play import (
    HostBegan,
    HostResult,
    PlayEvent,
    PlayRequest,
    PlayStatus,
    TaskStarted,
    Unlock,
    leftovers_command,
    run_play,
)
from opsharden.play.environment import MARK
from opsharden.play.private import PREFIX, _root, clear_stale

Make = Callable[..., Any]
LONG = """
- name: Begins
  ansible.builtin.command: /bin/true
- name: Stays long
  ansible.builtin.shell: sleep 300
"""


def ours() -> dict[int, str]:
    """Living processes of plays of this machine's folders, by their mark or by what they were called with."""
    found = {}
    for process in psutil.process_iter():
        try:
            words = " ".join(process.cmdline())
            if process.status() != psutil.STATUS_ZOMBIE and (
                MARK in process.environ() or f"{_root()}/{PREFIX}" in words
            ):
                found[process.pid] = words
        except psutil.Error:
            continue
    return found


def until(holds: Callable[[], object]) -> bool:
    for _ in range(300):
        if holds():
            return True
        time.sleep(0.1)
    return False


@pytest.fixture
def sleeping(make_role: Make, make_request: Make, managed_hosts: Any) -> PlayRequest:
    """A request whose second task sleeps long."""
    make_role("long", LONG)
    request: PlayRequest = make_request("long")
    return request


def asleep(managed_hosts: Any, request: PlayRequest) -> bool:
    script = f"grep -lzxF OPSHARDEN_RUN={request.run_id} /proc/[0-9]*/environ 2>/dev/null || true"
    return all(managed_hosts.exec(host, script) for host in request.hosts)


def test_cancel_leaves_nothing_here_and_leftovers_end_the_rest(sleeping: PlayRequest, managed_hosts: Any) -> None:
    cancel = threading.Event()

    def cancel_once_asleep() -> None:
        assert until(lambda: asleep(managed_hosts, sleeping))
        cancel.set()

    def listen(event: PlayEvent) -> None:
        if isinstance(event, TaskStarted) and event.task == "Stays long":
            threading.Thread(target=cancel_once_asleep).start()

    outcome = run_play(sleeping, listen, cancel=cancel)
    assert outcome.status is PlayStatus.CANCELLED
    assert {(change.task, change.status) for change in outcome.changes} == {
        ("Begins", ChangeStatus.CHANGED),
        ("Stays long", ChangeStatus.FAILED),
    }
    assert ours() == {}
    assert list(_root().glob(f"{PREFIX}*")) == []
    for host in sleeping.hosts:
        assert int(managed_hosts.exec(host, leftovers_command(sleeping.run_id))) > 0
        assert managed_hosts.exec(host, leftovers_command(sleeping.run_id)) == "0\n"
    assert not asleep(managed_hosts, sleeping)


def test_leftovers_that_cannot_look_do_not_say_none() -> None:
    nobody = ["setpriv", "--reuid=65534", "--clear-groups", "sh", "-c", leftovers_command("x")]
    assert subprocess.run(nobody, capture_output=True, check=False).returncode == 3


SCRIPT = """
import pickle, sys, threading
from opsharden.play import run_play
tell = lambda event: print(getattr(event, "task", ""), flush=True)
run_play(pickle.load(sys.stdin.buffer), tell, cancel=threading.Event())
"""


def parent(request: PlayRequest) -> subprocess.Popen[bytes]:
    """A process of its own that runs the play, so that it can be killed; it is in the middle of it."""
    process = subprocess.Popen([sys.executable, "-c", SCRIPT], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdin is not None
    assert process.stdout is not None
    with process.stdin:
        pickle.dump(request, process.stdin)
    assert any(line.strip() == b"Stays long" for line in process.stdout)
    return process


def test_killing_the_parent_leaves_nothing_here(sleeping: PlayRequest, managed_hosts: Any) -> None:
    process = parent(sleeping)
    assert len(ours()) > 1
    process.kill()
    process.wait()
    assert until(lambda: ours() == {})
    assert list(_root().glob(f"{PREFIX}*")) == []
    for host in sleeping.hosts:
        managed_hosts.exec(host, leftovers_command(sleeping.run_id))


def supervisor_of(parent_id: int) -> int:
    """The one supervisor that this process itself started."""
    children = psutil.Process(parent_id).children()
    (found,) = (child.pid for child in children if "opsharden.play.supervisor" in child.cmdline())
    return found


def test_killing_the_supervisor_is_told_and_cleaned_up(sleeping: PlayRequest, managed_hosts: Any) -> None:
    killed: list[int] = []

    def listen(event: PlayEvent) -> None:
        # Not when the task is announced: what had not begun on any host needs no word.
        if isinstance(event, HostBegan) and event.task == "Stays long" and not killed:
            killed.append(supervisor_of(os.getpid()))
            os.kill(killed[0], signal.SIGKILL)

    outcome = run_play(sleeping, listen, cancel=threading.Event())
    assert outcome.status is PlayStatus.BROKEN
    assert "was lost" in outcome.reason
    assert {change.task for change in outcome.changes} == {"Begins", "Stays long"}
    assert ours() == {}
    assert list(_root().glob(f"{PREFIX}*")) == []
    for host in sleeping.hosts:
        managed_hosts.exec(host, leftovers_command(sleeping.run_id))


def test_what_a_killed_pair_left_is_cleared_on_the_next_start(sleeping: PlayRequest, managed_hosts: Any) -> None:
    process = parent(sleeping)
    watcher = supervisor_of(process.pid)
    for pid in (watcher, process.pid):
        os.kill(pid, signal.SIGSTOP)  # so that neither can clean up after the other
    for pid in (watcher, process.pid):
        os.kill(pid, signal.SIGKILL)
    process.wait()
    assert until(lambda: watcher not in ours())
    assert len(list(_root().glob(f"{PREFIX}*"))) == 1
    clear_stale()
    assert list(_root().glob(f"{PREFIX}*")) == []
    assert until(lambda: ours() == {})
    for host in sleeping.hosts:
        managed_hosts.exec(host, leftovers_command(sleeping.run_id))


def readable(folder: Path) -> bytes:
    whole = b""
    for path in folder.rglob("*"):
        try:
            whole += path.read_bytes() if path.is_file() else b""
        except OSError:
            continue  # came and went
    return whole


def exposed(name: str) -> bytes:
    whole = b""
    for path in Path("/proc").glob(f"[0-9]*/{name}"):
        try:
            whole += path.read_bytes()
        except OSError:
            continue
    return whole


def test_secrets_show_nowhere(make_role: Make, make_request: Make, managed_hosts: Any) -> None:
    secret = f"pw-{os.urandom(12).hex()}"
    make_role(
        "say", f"- name: Stays\n  ansible.builtin.shell: sleep 2\n- ansible.builtin.fail: {{msg: 'not {secret}'}}\n"
    )
    unlock = Unlock(
        become_password=SecretStr(secret), vaults=(("default", SecretStr(secret)),), ssh_password=SecretStr(secret)
    )
    events: list[PlayEvent] = []
    modes: set[int] = set()
    looked: list[PlayEvent] = []

    def listen(event: PlayEvent) -> None:
        events.append(event)
        if isinstance(event, TaskStarted) and event.task == "Stays":
            looked.append(event)
            for folder in _root().glob(f"{PREFIX}*"):
                modes.add(folder.stat().st_mode & 0o777)
                assert secret.encode() not in readable(folder)
            assert secret.encode() not in exposed("cmdline")
            assert secret.encode() not in exposed("environ")

    faults: list[BaseException] = []

    def kept(event: PlayEvent) -> None:
        try:
            listen(event)
        except BaseException as fault:
            faults.append(fault)

    run_play(make_request("say", unlock=unlock), kept, cancel=threading.Event())
    assert faults == []
    assert looked
    assert modes == {0o700}
    assert secret not in repr(events)
    said = {event.message for event in events if isinstance(event, HostResult) and event.message}
    assert said == {"not [redacted]"}
