"""bootstrap as a user calls it: where the first login and the host key's fingerprint come from."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from opsharden.access import keys

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def here(sites: dict[str, Any]) -> Any:
    """A host on which there is no automation account."""
    site = sites["deb13-1"]
    site.exec("userdel --force --remove opsharden 2>/dev/null; rm -f /etc/sudoers.d/opsharden*")
    return site


@pytest.fixture
def run(here: Any, tmp_path: Path) -> Run:
    """Call bootstrap in a new project whose inventory has one host, with these variables."""

    def call(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        host = {"ansible_host": here.host.address, "ansible_ssh_private_key_file": str(here.key), **variables}
        if not (tmp_path / "keys").exists():  # a project's: it is to log in as its own account
            (tmp_path / "keys").mkdir()
            keys.create(tmp_path / "keys" / "automation")
        (tmp_path / "hosts.yml").write_text(yaml.safe_dump({"all": {"hosts": {"web1": host}}}))
        return subprocess.run(
            [sys.executable, "-m", "opsharden", "bootstrap", "-i", "hosts.yml", *arguments],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    return call


def fingerprint(here: Any, kind: str = "ed25519") -> str:
    return str(here.exec(f"ssh-keygen -lf /etc/ssh/ssh_host_{kind}_key.pub").split()[1])


def done(answer: subprocess.CompletedProcess[str], here: Any) -> None:
    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert here.exec("ls /etc/sudoers.d").split() == ["README", "opsharden"]


@pytest.mark.parametrize("names", [("bootstrap_user", "bootstrap_password"), ("ansible_user", "ansible_password")])
def test_the_first_login_may_stand_in_the_inventory(here: Any, run: Run, names: tuple[str, str]) -> None:
    user, password = names
    answer = run("--accept-new", **{user: "admin", password: here.lab.password})
    if user == "ansible_user":
        assert answer.returncode == 0, answer.stdout + answer.stderr
        assert "admin ALL=" in here.exec("cat /etc/sudoers.d/opsharden-admin"), "whom the inventory names is made able"
        here.exec("rm /etc/sudoers.d/opsharden-admin /home/admin/.ssh/authorized_keys")
    else:
        done(answer, here)
    assert here.lab.password not in answer.stdout + answer.stderr


@pytest.mark.parametrize("kind", ["ed25519", "ecdsa", "rsa"])
def test_the_fingerprint_of_any_of_its_keys_lets_a_host_in(here: Any, run: Run, kind: str) -> None:
    known = {"bootstrap_host_key_fingerprint": fingerprint(here, kind)}
    done(run(bootstrap_user="admin", bootstrap_password=here.lab.password, **known), here)


def test_a_host_that_shows_another_kind_of_key_than_pinned_is_not_new(here: Any, run: Run, tmp_path: Path) -> None:
    key = tmp_path / "old"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
    kind, blob = key.with_name("old.pub").read_text().split()[:2]
    before = f"{here.host.address} {kind} {blob}\n"
    (tmp_path / "known_hosts").write_text(before)
    here.exec(
        "printf 'HostKey /etc/ssh/ssh_host_rsa_key\\n' > /etc/ssh/sshd_config.d/00-test.conf;"
        "systemctl reset-failed ssh; systemctl restart ssh"
    )
    try:
        answer = run("--accept-new", bootstrap_user="admin", bootstrap_password=here.lab.password)
    finally:
        here.exec("rm /etc/ssh/sshd_config.d/00-test.conf; systemctl reset-failed ssh; systemctl restart ssh")
    assert answer.returncode == 4
    assert "has changed" in " ".join(answer.stdout.split())
    assert (tmp_path / "known_hosts").read_text() == before


def test_interrupted_it_ends_soon_and_leaves_no_half_rule(here: Any, run: Run, tmp_path: Path) -> None:
    run()  # writes the inventory, gets in nowhere
    (tmp_path / "password").write_text(here.lab.password)
    here.exec("dpkg --purge python3-apt")
    here.exec("printf '#!/bin/sh\\nsleep 40\\n' > /usr/local/sbin/apt-get; chmod 755 /usr/local/sbin/apt-get")
    command = [sys.executable, "-m", "opsharden", "bootstrap", "-i", "hosts.yml", "-u", "admin", "--accept-new"]
    process = subprocess.Popen(
        [*command, "--password-file", "password"],
        cwd=tmp_path,
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        here.exec(
            "tries=0; until pgrep -f sbin/apt-get || [ $tries -gt 200 ]; do tries=$((tries + 1)); sleep 0.1; done"
        )
        process.send_signal(signal.SIGINT)
        said = process.communicate(timeout=20)[1]
    finally:
        process.kill()
        here.exec(
            "rm /usr/local/sbin/apt-get; pkill -f 'sh -s opsharden'; pkill -f sbin/apt-get;"
            "apt-get -qq -o DPkg::Lock::Timeout=60 install -y python3-apt 2>&1"
        )
    assert process.returncode == 130, said
    assert "Interrupted" in said
    assert "Traceback" not in said
    assert here.exec("ls /etc/sudoers.d").split() == ["README"]
    shown = [sys.executable, "-m", "opsharden", "runs", "show", "latest", "-o", "json"]
    record = json.loads(subprocess.run(shown, cwd=tmp_path, capture_output=True, text=True, check=False).stdout)
    assert record["run"]["state"] == "interrupted"
    filed = {change["task"].split(" SHA256")[0]: change["status"] for change in record["changes"]}
    assert filed == {"pinned the host key": "changed", "installed python3-apt": "unreachable"}, "nobody knows"


def test_nobody_named_and_no_project_is_said_before_anything_is_touched(here: Any, run: Run, tmp_path: Path) -> None:
    (tmp_path / "keys").mkdir()
    answer = run("--accept-new", bootstrap_user="admin", bootstrap_password=here.lab.password)
    assert answer.returncode == 4
    assert "Nothing says whom web1 is to be logged in to as" in " ".join(answer.stdout.split())
    assert not (tmp_path / "known_hosts").exists()


def test_without_a_name_it_is_the_account_that_verify_logs_in_as(here: Any, run: Run, tmp_path: Path) -> None:
    done(run("--accept-new", bootstrap_user="admin", bootstrap_password=here.lab.password), here)
    looked = subprocess.run(
        [sys.executable, "-m", "opsharden", "verify", "-i", "hosts.yml", "--control", "ssh-no-root", "-o", "json"],
        cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert looked.returncode in (0, 3), looked.stderr


def test_what_is_in_the_way_is_said_by_name_and_nothing_is_changed(here: Any, run: Run) -> None:
    here.exec("echo 'AllowUsers admin' > /etc/ssh/sshd_config.d/00-test.conf; systemctl reload ssh")
    before = here.exec("cat /etc/passwd; ls /etc/sudoers.d")
    try:
        answer = run("--accept-new", bootstrap_user="admin", bootstrap_password=here.lab.password)
    finally:
        here.exec("rm /etc/ssh/sshd_config.d/00-test.conf; systemctl reload ssh")
    assert answer.returncode == 4
    said = " ".join(answer.stdout.split())
    assert "AllowUsers (admin)" in said
    assert "Add opsharden to AllowUsers" in said
    assert here.exec("cat /etc/passwd; ls /etc/sudoers.d") == before


def test_a_first_login_that_is_refused_says_how_to_try_another(here: Any, run: Run) -> None:
    answer = run("--accept-new", bootstrap_user="nobody-knows", bootstrap_password=here.lab.password)
    said = " ".join(answer.stdout.split())
    assert "refused the login as nobody-knows with the password" in said
    assert "refused the login as opsharden with the key" in said
    assert "-u root" in said
