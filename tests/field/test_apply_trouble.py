"""What happens to an apply in the field: hosts that freeze, two people at once, a task that hangs."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

SLEEPER = "- name: Sleep on the host\n  ansible.builtin.command: sleep 3133\n  changed_when: false\n"
MARK = "- name: Leave a mark\n  ansible.builtin.copy: {content: x, dest: /run/opsharden-mark, mode: '0600'}\n"


@pytest.fixture
def own(project: Any, tmp_path: Path) -> Any:
    """A copy of the bootstrapped project, with a role that sleeps on one host for an hour and marks all."""
    path = tmp_path / "own"
    shutil.copytree(project.path, path, ignore=shutil.ignore_patterns(".opsharden"))
    tasks = path / "roles" / "sleeper" / "tasks"
    tasks.mkdir(parents=True)
    sleeper = SLEEPER + f"  when: inventory_hostname == '{project.names[0]}'\n"
    (tasks / "main.yml").write_text(f"---\n{sleeper}{MARK}", encoding="utf-8")
    with (path / "opsharden.toml").open("a") as file:
        file.write('roles = ["roles"]\n')
    here = replace(project, path=path)
    yield here
    for host in here.names:
        here.exec(host, "pkill -CONT sshd; pkill -fx 'sleep 3133'; rm -f /run/opsharden-mark; true")


def start(project: Any, *arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "opsharden", "apply", "--control", "ssh-grace", *arguments]
    return subprocess.Popen(command, cwd=project.path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def until(true: Callable[[], bool], what: str, seconds: float = 90) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, f"waited {seconds} s for: {what}"
        time.sleep(0.2)


def sleeping(project: Any, host: str) -> bool:
    return bool(project.exec(host, "pgrep -fx 'sleep 3133' || true").strip())


def record(project: Any) -> dict[str, Any]:
    runs = json.loads(project.run("runs", "list", "-o", "json").stdout)
    run = next(run["id"] for run in runs if run["verb"] == "apply")
    found: dict[str, Any] = json.loads(project.run("runs", "show", run, "-o", "json").stdout)
    return found


@pytest.mark.parametrize("freeze", ["sshd", "all"])
def test_a_host_that_freezes_in_the_middle_is_given_up_and_the_others_go_on(own: Any, freeze: str) -> None:
    host, other = own.names
    container = next(each.container for each in own.lab.hosts if each.name == host)
    process = start(own, "all", "-l", f"{host},{other}")
    until(lambda: sleeping(own, host), "the task on the host")
    if freeze == "sshd":
        own.exec(host, "pkill -STOP sshd")
    else:
        subprocess.run(["podman", "pause", container], check=True, capture_output=True)
    began = time.monotonic()
    try:
        said, _ = process.communicate(timeout=300)
    finally:
        if freeze == "all":
            subprocess.run(["podman", "unpause", container], check=True, capture_output=True)
    assert time.monotonic() - began < 180
    assert process.returncode == 4, said
    assert own.exec(other, "cat /run/opsharden-mark") == "x"
    lost = [change for change in record(own)["changes"] if change["host"] == host]
    assert lost[0]["status"] == "unreachable"
    assert lost[0]["task"] == "Sleep on the host"
    assert "how it ended is unknown" in lost[0]["message"]


def test_a_task_that_hangs_has_its_time_and_what_it_left_is_ended(own: Any) -> None:
    host, other = own.names
    with (own.path / "opsharden.toml").open("a") as file:
        file.write("task_timeout = 40\n")
    process = start(own, f"{host},{other}")
    said, _ = process.communicate(timeout=240)
    assert process.returncode == 4, said
    assert own.exec(other, "cat /run/opsharden-mark") == "x"
    assert not sleeping(own, host)
    failed = [change for change in record(own)["changes"] if change["host"] == host and change["status"] == "failed"]
    assert [change["task"] for change in failed] == ["Sleep on the host"]


def test_the_second_of_two_applies_is_refused_and_the_first_goes_on(own: Any) -> None:
    host, other = own.names
    first = start(own, host)
    until(lambda: sleeping(own, host), "the task on the host")
    second = own.run("apply", f"{host},{other}", "--control", "ssh-grace")
    assert second.returncode == 4, second.stdout + second.stderr
    assert f"{host} is being changed by the run " in second.stdout + second.stderr
    assert own.exec(other, "cat /run/opsharden-mark") == "x"
    first.kill()  # the holder dies without a word: nobody is put off by it
    first.wait()
    until(lambda: own.exec(host, "ls /run/opsharden.lease 2>/dev/null || true") == "", "the end of the lease", 30)
