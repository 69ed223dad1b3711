"""bootstrap on hosts as an installer leaves them, one without python3; in the order in which one would do it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from opsharden import lab as labs
from opsharden.lab import LabSpec


@pytest.fixture(scope="module")
def fresh(project: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A project with two hosts that nobody has touched, without python3, and no fingerprints given."""
    spec = LabSpec(id=f"boot{os.getpid()}", without_python=1, directory=tmp_path_factory.mktemp("boot"))
    with labs.up(spec) as lab:
        path = tmp_path_factory.mktemp("fresh") / "project"
        shutil.copytree(project.path, path, ignore=shutil.ignore_patterns(".opsharden", "known_hosts"))
        hosts = "".join(
            f"    {host.name}: {{ansible_host: {host.address}, bootstrap_user: admin}}\n" for host in lab.hosts
        )
        (path / "inventory" / "hosts.yml").write_text(f"all:\n  hosts:\n{hosts}")
        (path / "opsharden.toml").write_text('inventory = ["inventory/hosts.yml"]\n')
        here = type(project)(path, lab, tuple(host.name for host in lab.hosts))
        here.exec(here.names[0], "! command -v python3")
        yield here


def fingerprint(fresh: Any, host: str) -> str:
    return str(fresh.exec(host, "ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub").split()[1])


def password(fresh: Any) -> tuple[str, Path]:
    return ("--password-file", fresh.lab.home / "password")


def test_an_unknown_host_key_is_shown_and_refused(fresh: Any) -> None:
    done = fresh.run("bootstrap", *password(fresh))
    assert done.returncode == 4
    for host in fresh.names:
        assert fingerprint(fresh, host) in done.stdout.replace("\n", "").replace(" ", "")
    assert not (fresh.path / "known_hosts").exists()
    assert "sshd" in fresh.exec(fresh.names[0], "ps -e -o comm")
    assert fresh.lab.password not in done.stdout + done.stderr


def test_a_wrong_fingerprint_is_refused(fresh: Any) -> None:
    wrong = "SHA256:" + "A" * 43
    done = fresh.run("bootstrap", fresh.names[0], "--fingerprint", wrong, *password(fresh))
    assert done.returncode == 4
    assert not (fresh.path / "known_hosts").exists()


def test_the_right_fingerprint_lets_a_host_without_python_in(fresh: Any) -> None:
    host = fresh.names[0]
    done = fresh.run("bootstrap", host, "--fingerprint", fingerprint(fresh, host), *password(fresh))
    assert done.returncode == 0, done.stdout + done.stderr
    fresh.exec(host, "python3 -c 'import apt'")
    assert fresh.exec(host, "passwd --status opsharden").split()[1] == "L"
    assert "NOPASSWD" in fresh.exec(host, "cat /etc/sudoers.d/opsharden")
    assert fresh.exec(host, "stat -c %a /etc/sudoers.d/opsharden").strip() == "440"


def test_one_host_down_does_not_stop_the_others(fresh: Any) -> None:
    (first, second) = fresh.names
    fresh.exec(first, "systemctl stop ssh.service")
    try:
        done = fresh.run("bootstrap", "--accept-new", *password(fresh))
    finally:
        fresh.exec(first, "systemctl start ssh.service")
    assert done.returncode == 4
    assert f"{second}: changed" in done.stderr
    assert f"{first}: failed" in done.stderr


def test_a_second_run_changes_nothing_and_needs_no_password(fresh: Any) -> None:
    done = fresh.run("bootstrap")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "changed" not in done.stdout + done.stderr


def test_rules_of_sudo_that_are_broken_already_are_not_made_worse(fresh: Any) -> None:
    host = fresh.names[1]
    fresh.exec(host, "echo 'nonsense here' > /etc/sudoers.d/broken; rm /etc/sudoers.d/opsharden")
    done = fresh.run("bootstrap", host, *password(fresh))
    assert done.returncode == 4
    assert "sudo" in done.stdout
    assert fresh.exec(host, "test -e /etc/sudoers.d/opsharden || echo absent") == "absent\n"
    fresh.exec(host, "rm /etc/sudoers.d/broken")
    assert fresh.run("bootstrap", host, *password(fresh)).returncode == 0


def test_a_public_key_that_was_there_stays(fresh: Any) -> None:
    host = fresh.names[0]
    keys = "/home/opsharden/.ssh/authorized_keys"
    fresh.exec(host, f"echo 'ssh-ed25519 AAAAsomebody else' >> {keys}; sed -i 1d {keys}")
    done = fresh.run("bootstrap", host, *password(fresh))
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(fresh.exec(host, f"cat {keys}").splitlines()) == 2
