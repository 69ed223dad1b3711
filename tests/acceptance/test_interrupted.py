"""Ctrl-C and kill -9 in the middle of an apply: nothing goes on here or there, and the run says that it was cut off."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

SLEEPER = """
- name: Sleep on the host
  ansible.builtin.command: sleep 3133
  changed_when: false
"""


@pytest.fixture
def sleepy(own: Any) -> Any:
    """A project with a role that sleeps on the host for an hour."""
    tasks = own.path / "roles" / "sleeper" / "tasks"
    tasks.mkdir(parents=True)
    (tasks / "main.yml").write_text(f"---{SLEEPER}")
    with (own.path / "opsharden.toml").open("a") as file:
        file.write('roles = ["roles"]\n')
    return own


def start(project: Any) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "opsharden", "apply", project.names[0], "--control", "ssh-grace"]
    return subprocess.Popen(command, cwd=project.path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def until(true: Callable[[], bool], what: str, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, f"waited {seconds} s for: {what}"
        time.sleep(0.2)


def sleeping(project: Any) -> bool:
    return bool(project.exec(project.names[0], "pgrep -fx 'sleep 3133' || true").strip())


def ours_here() -> list[str]:
    """Processes of an Ansible run on this machine."""
    found = []
    for process in psutil.process_iter():
        try:
            # The lab's containers show here too; their processes are the hosts', not ours.
            here = Path(f"/proc/{process.pid}/ns/pid").readlink() == Path("/proc/self/ns/pid").readlink()
            if here and "OPSHARDEN_RUN" in process.environ():
                found.append(" ".join(process.cmdline())[:200])
        except (psutil.Error, OSError):
            continue
    return found


def last_state(project: Any) -> str:
    runs = json.loads(project.run("runs", "list", "-o", "json").stdout)
    return next(str(run["state"]) for run in runs if run["verb"] == "apply")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_leaves_nothing_behind(sleepy: Any, number: signal.Signals) -> None:
    process = start(sleepy)
    until(lambda: sleeping(sleepy), "the task on the host")
    process.send_signal(number)
    assert process.wait(60) == 130
    until(lambda: not sleeping(sleepy), "the end of the task on the host", 15)
    until(lambda: not ours_here(), "the end of Ansible here", 15)
    assert last_state(sleepy) == "interrupted"
    assert not list(Path("/tmp").glob(f"opsharden-play-{process.pid}-*"))


def test_kill_9_loses_nothing_and_the_next_start_says_so(sleepy: Any) -> None:
    process = start(sleepy)
    until(lambda: sleeping(sleepy), "the task on the host")
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    until(lambda: not ours_here(), "the end of Ansible here", 30)
    assert sleepy.run("verify", sleepy.names[0], "--control", "ssh-grace").returncode in (0, 3)
    assert last_state(sleepy) == "interrupted"
    assert not list(Path("/tmp").glob(f"opsharden-play-{process.pid}-*"))
    sleepy.exec(sleepy.names[0], "pkill -fx 'sleep 3133' || true")
