"""What goes wrong at 3 a.m.: one clear sentence, the right exit code, no traceback, and nothing lost."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

ONE = ("--control", "ssh-grace")


def told(done: Any, code: int, *words: str) -> None:
    """The call ended with this code and said this, in a sentence."""
    assert done.returncode == code, done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    for word in words:
        assert word in done.stdout + done.stderr


def verdicts(done: Any) -> dict[str, str]:
    """The verdict of each host, of which a single control was asked; a host that was not looked at is unreachable."""
    run = json.loads(done.stdout)
    lost = {host: "unreachable" for group in run["population"]["not_looked_at"] for host in group["hosts"]}
    return lost | {finding["host"]: finding["verdict"] for finding in run["findings"]}


def test_broken_inventory(own: Any) -> None:
    (own.path / "inventory" / "hosts.yml").write_text("all:\n  hosts:\n    web1: {ansible_host: 192.0.2.1\n")
    told(own.run("verify"), 2, "opsharden: usage:", "is not valid YAML at line")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("verify", "-l", "nosuch"), "nosuch is neither a host nor a group"),
        (("verify", "nosuch"), "nosuch is neither a host nor a group"),
        (("verify", "--control", "ssh-no-rot"), "Did you mean ssh-no-root?"),
        (("apply", "--profile", "baseline-9"), "There is no profile baseline-9"),
        (("verify", "hub:!hub"), "No host matches"),
        (("verify", "hub", "--control", "bkp-fresh"), "None of the hosts"),
        (("verify", "-i", "nowhere.yml"), "There is no inventory at"),
        (("verify", "-o", "pdf"), "no report format 'pdf'"),
        (("verify", "-e", "{broken"), "--extra-vars"),
        (("verify", "--become-password-file", "nowhere"), "password file nowhere cannot be read"),
        (("runs", "show", "nosuch"), "nosuch"),
    ],
)
def test_a_word_that_means_nothing(own: Any, arguments: tuple[str, ...], words: str) -> None:
    if arguments[0] == "runs":
        own.run("verify", *ONE)
    told(own.run(*arguments), 2, "opsharden: usage:", words)


def test_an_option_that_does_not_exist(own: Any) -> None:
    told(own.run("verify", "--nosuch"), 2, "has no option --nosuch")


def test_one_host_down(own: Any) -> None:
    (down, up) = own.names
    own.exec(down, "systemctl stop ssh.socket ssh.service 2>/dev/null || systemctl stop ssh.service")
    try:
        done = own.run("verify", *ONE, "-o", "json")
        told(done, 4, down)
        assert verdicts(done)[down] == "unreachable"
        assert verdicts(done)[up] in ("pass", "fail")
        population = {member["host"]: member for member in json.loads(done.stdout)["population"]["members"]}
        assert "refused" in population[down]["reason"]
        told(own.run("apply", *ONE), 4, "refused")
    finally:
        own.exec(down, "systemctl start ssh.service")


def test_wrong_password(own: Any, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong"
    wrong.write_text("not the password\n")
    host = own.names[0]
    done = own.run("bootstrap", host, "-u", "admin", "--password-file", wrong, "-e", "ansible_user=somebody")
    told(done, 4, "refused the login as admin")


def test_wrong_host_key(own: Any) -> None:
    (first, second) = own.names
    known = own.path / "known_hosts"
    addresses = {host.name: host.address for host in own.lab.hosts}
    lines = dict(line.split(" ", 1) for line in known.read_text().splitlines())
    lines[addresses[first]] = lines[addresses[second]]
    known.write_text("".join(f"{address} {key}\n" for address, key in lines.items()))
    done = own.run("verify", *ONE, "-o", "json")
    told(done, 4)
    assert verdicts(done)[first] == "unreachable"
    assert "has changed" in done.stdout
    # A lab's host may come again with a new key; any other may not, whatever fingerprint is given.
    other = ("-e", "opsharden_lab_host=", "--accept-new", "--password-file", own.lab.home / "password")
    told(own.run("bootstrap", first, *other), 4, "has changed")
    assert addresses[first] in known.read_text()


def test_unknown_host_key(own: Any) -> None:
    (own.path / "known_hosts").unlink()
    done = own.run("verify", *ONE, "-o", "json")
    told(done, 4, "is not known")
    assert set(verdicts(done).values()) == {"unreachable"}
    assert not (own.path / "known_hosts").exists(), "verify pins nothing"


def test_missing_key(own: Any) -> None:
    done = own.run("verify", *ONE, "-e", "ansible_ssh_private_key_file=/nowhere/key")
    told(done, 4, "/nowhere/key", "does not exist")


@contextmanager
def sudoers(own: Any, rule: str) -> Iterator[None]:
    """Another rule for the automation account, for a while."""
    before = own.exec(own.names[0], "cat /etc/sudoers.d/opsharden")
    own.exec(own.names[0], f"cat > /etc/sudoers.d/opsharden <<'END'\n{rule}\nEND")
    try:
        yield
    finally:
        own.exec(own.names[0], f"cat > /etc/sudoers.d/opsharden <<'END'\n{before}\nEND")


def test_sudo_refused(own: Any) -> None:
    host = own.names[0]
    with sudoers(own, "# nothing"):
        done = own.run("verify", host, *ONE, "-o", "json")
        told(done, 4, "sudo")
        assert verdicts(done) == {host: "unreachable"}


def test_sudo_wants_a_password_that_is_missing_wrong_or_right(own: Any, tmp_path: Path) -> None:
    host = own.names[0]
    own.exec(host, "echo 'opsharden:a rather long one' | chpasswd")
    password = tmp_path / "password"
    with sudoers(own, "opsharden ALL=(ALL:ALL) ALL"):
        done = own.run("verify", host, *ONE, "-o", "json")
        told(done, 4, "wants a password and none was given")
        password.write_text("the wrong one\n")
        done = own.run("verify", host, *ONE, "-o", "json", "--become-password-file", password)
        told(done, 4, "did not accept the password")
        assert verdicts(done) == {host: "unreachable"}
        password.write_text("a rather long one\n")
        done = own.run("verify", host, *ONE, "-o", "json", "--become-password-file", password)
        assert verdicts(done)[host] in ("pass", "fail")
    own.exec(host, "passwd -l opsharden")


def test_vaulted_inventory_without_the_password(own: Any, tmp_path: Path) -> None:
    vault = tmp_path / "vault"
    vault.write_text("open sesame\n")
    group_vars = own.path / "inventory" / "group_vars" / "all.yml"
    plain = group_vars.read_text()
    sealed = subprocess.run(
        [
            Path(sys.executable).with_name("ansible-vault"),
            "encrypt_string",
            "--vault-password-file",
            vault,
            "hush",
            "--name",
            "ansible_become_password",
        ],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    group_vars.write_text(plain + sealed)
    told(own.run("verify", *ONE), 2, "vaulted", "--vault-password-file")
    told(own.run("apply", *ONE), 2, "vaulted", "--vault-password-file")
    assert own.run("verify", *ONE, "--vault-password-file", vault).returncode in (0, 3)


def test_disk_full_under_the_database(own: Any, tmp_path: Path) -> None:
    small = tmp_path / "small"
    small.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", small], check=True)
    try:
        env = {"OPSHARDEN_DATABASE": str(small / "evidence.db")}
        assert own.run("verify", *ONE, env=env).returncode in (0, 3)
        with pytest.raises(OSError, match="No space"), (small / "filler").open("wb", buffering=0) as filler:
            while True:
                filler.write(b"x" * 4096)
        told(own.run("verify", *ONE, env=env), 1, "opsharden: error:", "full")
        (small / "filler").unlink()
        kept = json.loads(own.run("runs", "list", "-o", "json", env=env).stdout)
        assert any(run["state"] == "complete" for run in kept), "what was filed before is there"
    finally:
        subprocess.run(["umount", small], check=True)


def test_corrupt_database(own: Any) -> None:
    database = own.path / ".opsharden" / "evidence.db"
    database.parent.mkdir()
    database.write_bytes(os.urandom(8192))
    before = database.read_bytes()
    told(own.run("verify", *ONE), 1, "opsharden: error:", str(database))
    assert database.read_bytes() == before, "a damaged file is evidence too"
