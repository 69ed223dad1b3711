"""No secret is found in the database, reports, logs, temporary files or the process list, during a run and after it."""

from __future__ import annotations

import json
import secrets
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import psutil
import pytest

from opsharden.play.private import PREFIX, _root


def seen_in_processes(needle: str, stop: threading.Event, found: list[str]) -> None:
    while not stop.wait(0.02):
        for process in psutil.process_iter():
            try:
                if needle in "\0".join(process.cmdline()) or needle in str(process.environ()):
                    found.append(" ".join(process.cmdline())[:100])
            except (psutil.Error, OSError):
                continue


def files_with(needle: bytes, *folders: Path) -> list[str]:
    paths = [path for folder in folders for path in folder.rglob("*") if path.is_file() and not path.is_symlink()]
    return [str(path) for path in paths if needle in path.read_bytes()]


def seen_in_folders(project: Path, stop: threading.Event, seen: set[Path], open_to_others: list[str]) -> None:
    """Watch the private folders of plays for as long as they are there."""
    while not stop.wait(0.02):
        for folder in _root().glob(f"{PREFIX}*"):
            try:
                if str(project) not in (folder / "ssh_config").read_text(encoding="utf-8"):
                    continue  # somebody else's
                seen.add(folder)
                if folder.stat().st_mode & 0o077:
                    open_to_others.append(str(folder))
            except OSError:
                continue  # just gone


def test_a_sudo_password_from_the_vault_and_a_login_password_stay_secret(own: Any, tmp_path: Path) -> None:
    host, password = own.names[0], secrets.token_hex(12)
    vault = tmp_path / "vault-password"
    vault.write_text(secrets.token_hex(12))
    own.exec(host, f"echo 'opsharden:{password}' | chpasswd")
    before = own.exec(host, "cat /etc/sudoers.d/opsharden")
    own.exec(host, "echo 'opsharden ALL=(ALL:ALL) ALL' > /etc/sudoers.d/opsharden")
    sealed = subprocess.run(
        [
            Path(sys.executable).with_name("ansible-vault"),
            "encrypt_string",
            "--vault-password-file",
            vault,
            "--stdin-name",
            "ansible_become_password",
        ],
        input=password,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    with (own.path / "inventory" / "group_vars" / "all.yml").open("a") as file:
        file.write(sealed)
    # A check that would give it away: the last line of defence is in the filing.
    (own.path / "checks").mkdir()
    (own.path / "checks" / "test_leak.py").write_text(
        "def test_leak(host, values):\n"
        "    assert host.check_output('echo ' + values['ansible_become_password']) == 'x'\n"
    )
    with (own.path / "opsharden.toml").open("a") as file:
        file.write('checks = ["checks"]\n')
    stop, found, folders, loose = threading.Event(), list[str](), set[Path](), list[str]()
    watchers = [
        threading.Thread(target=seen_in_processes, args=(password, stop, found)),
        threading.Thread(target=seen_in_folders, args=(own.path, stop, folders, loose)),
    ]
    for watcher in watchers:
        watcher.start()
    try:
        vaulted = ("--vault-password-file", vault)
        reports = ("-o", "json", "html:r.html", "csv:r.csv", "junit:r.xml")
        seen = own.run("verify", host, *vaulted, *reports)
        assert seen.returncode == 3, seen.stderr
        own.exec(host, "rm -f /etc/ssh/sshd_config.d/00-opsharden.conf")
        done = own.run("apply", host, "--control", "ssh-grace", *vaulted)
        assert done.returncode == 0, done.stderr
    finally:
        stop.set()
        for watcher in watchers:
            watcher.join()
        own.exec(host, f"cat > /etc/sudoers.d/opsharden <<'END'\n{before}\nEND\npasswd -l opsharden")
    assert found == []
    assert password not in seen.stdout + seen.stderr + done.stdout + done.stderr
    assert folders, "a play has a private folder, or this test looks in the wrong place"
    assert loose == []
    assert [folder for folder in folders if folder.exists()] == []
    assert files_with(password.encode(), own.path, *_root().glob(f"{PREFIX}*")) == []
    assert files_with(own.lab.password.encode(), own.path) == []


def test_a_login_password_stays_secret_during_bootstrap(own: Any) -> None:
    host, password = own.names[1], own.lab.password
    own.exec(host, "userdel -r second 2>/dev/null; true")
    stop, found = threading.Event(), list[str]()
    watcher = threading.Thread(target=seen_in_processes, args=(password, stop, found))
    watcher.start()
    try:
        arguments = ("--password-file", own.lab.home / "password", "-e", "ansible_user=second")
        done = own.run("bootstrap", host, *arguments)
        assert done.returncode == 0, done.stdout + done.stderr
    finally:
        stop.set()
        watcher.join()
    # Another account takes nothing away from the project's own.
    assert own.run("bootstrap", host).returncode == 0
    own.exec(host, "userdel -r second; rm /etc/sudoers.d/opsharden-second")
    assert found == []
    assert files_with(password.encode(), own.path) == []


@pytest.mark.parametrize("given", ["api_token={}", "{{api_token: {}}}"])
def test_what_is_given_with_e_is_filed_by_its_name_alone(own: Any, given: str) -> None:
    token = secrets.token_hex(12)
    (own.path / "checks").mkdir()
    (own.path / "checks" / "test_leak.py").write_text(
        "def test_leak(host, values):\n    assert host.check_output('echo %s', values['api_token']) == 'x'\n"
    )
    with (own.path / "opsharden.toml").open("a") as file:
        file.write('checks = ["checks"]\n')
    seen = own.run("verify", own.names[0], "-e", given.format(token), "-o", "json:r.json")
    assert seen.returncode == 3, seen.stderr
    assert token not in seen.stdout + seen.stderr
    assert files_with(token.encode(), own.path) == []
    record = json.loads((own.path / "r.json").read_text(encoding="utf-8"))
    assert "api_token=…" in record["run"]["command"]


def test_all_of_a_wholly_vaulted_file_stays_secret_and_what_is_common_stays_readable(own: Any, tmp_path: Path) -> None:
    host, word = own.names[0], secrets.token_hex(4)[:7]
    vault = tmp_path / "vault-password"
    vault.write_text(secrets.token_hex(12))
    sealed = own.path / "inventory" / "host_vars" / f"{host}.yml"
    sealed.parent.mkdir(exist_ok=True)
    sealed.write_text(f"smtp_password: {word}\npermit: 'no'\n")
    command = [Path(sys.executable).with_name("ansible-vault"), "encrypt", "--vault-password-file", vault, sealed]
    subprocess.run(command, capture_output=True, check=True)
    (own.path / "checks").mkdir()
    (own.path / "checks" / "test_leak.py").write_text(
        "import base64\n\n\n"
        "def test_leak(host, values):\n"
        "    word = values['smtp_password']\n"
        "    code = base64.b64encode(f'mailer:{word}'.encode()).decode()\n"
        "    said = host.check_output('echo %s; echo Basic %s; echo permit no', word, code)\n"
        "    assert said == 'x'\n"
    )
    with (own.path / "opsharden.toml").open("a") as file:
        file.write('checks = ["checks"]\n')
    seen = own.run("verify", host, "--vault-password-file", vault, "-o", "json:r.json")
    assert seen.returncode == 3, seen.stderr
    assert files_with(word.encode(), own.path) == []
    text = (own.path / "r.json").read_text(encoding="utf-8")
    assert "permit no" in text
    assert "Basic [redacted]" in text
