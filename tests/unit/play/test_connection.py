"""Ansible with our connection plugin, and a program that stands in for ssh: how sshds answer is in the other tests."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

PLUGINS = files("opsharden.play") / "connection"
TURNED_AWAY = "kex_exchange_identification: read: Connection reset by peer"


def raw(folder: Path, refusals: int, words: str) -> tuple[int, int]:
    """How a raw task ends on a host that refuses so many times with these words, and how often it was called."""
    calls, program, settings = folder / "calls", folder / "ssh", folder / "ansible.cfg"
    settings.touch()
    program.write_text(
        f"#!/bin/sh\necho x >> {calls}\n[ $(wc -l < {calls}) -gt {refusals} ] && exit 0\necho '{words}' >&2; exit 255\n"
    )
    program.chmod(0o755)
    command = ["-i", "web1,", "web1", "-c", "opsharden_ssh", "-m", "raw", "-a", "true"]
    done = subprocess.run(
        [str(Path(sys.executable).with_name("ansible")), *command, "-e", f"ansible_ssh_executable={program}"],
        env={**os.environ, "ANSIBLE_CONNECTION_PLUGINS": str(PLUGINS), "ANSIBLE_CONFIG": str(settings)},
        cwd=folder,
        capture_output=True,
        check=False,
    )
    assert calls.exists(), done.stdout + done.stderr
    return done.returncode, len(calls.read_text().splitlines())


def test_a_host_that_has_no_room_for_one_more_login_is_asked_again(tmp_path: Path) -> None:
    status, calls = raw(tmp_path, 2, TURNED_AWAY)
    assert (status, calls) == (0, 3)


def test_one_that_was_lost_otherwise_is_not_for_something_may_have_begun(tmp_path: Path) -> None:
    status, calls = raw(tmp_path, 1, "client_loop: send disconnect: Broken pipe")
    assert (status, calls) == (4, 1)
