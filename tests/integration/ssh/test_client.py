"""Connections to real sshds: what lets us in, and what the sentence is when it does not."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest

from opsharden.errors import TransportBroken, Unreachable
from opsharden.model import Host
from opsharden.ssh import hostkeys
from opsharden.ssh.client import connect, identify

TIMEOUT = 30.0
RESTART = "systemctl reset-failed ssh; systemctl restart ssh"
DROP_IN = "/etc/ssh/sshd_config.d/00-test.conf"


def who(host: Host, *known_hosts: Path) -> str:
    with connect(host, known_hosts, timeout=TIMEOUT) as connection:
        return connection.run("id -un; cat", stdin=b"over stdin", timeout=TIMEOUT).stdout.decode()


def refusal(host: Host, *known_hosts: Path) -> str:
    with pytest.raises(Unreachable) as caught, connect(host, known_hosts, timeout=TIMEOUT):
        pass
    assert caught.value.advice
    return caught.value.message


def test_a_key_lets_in(visit: Any) -> None:
    assert who(visit.first, visit.known_hosts) == "visitor\nover stdin"
    assert who(visit.second, visit.known_hosts) == "visitor\nover stdin"


def test_a_password_lets_in(visit: Any) -> None:
    assert who(visit.admin(visit.first), visit.known_hosts).startswith("admin")


def test_a_password_lets_in_where_the_agent_is_full_of_other_keys(
    visit: Any, agent: Callable[[Path], None], tmp_path: Path
) -> None:
    for number in range(8):  # more than MaxAuthTries
        key = tmp_path / f"k{number}"
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
        agent(key)
    assert who(visit.admin(visit.first), visit.known_hosts).startswith("admin")


def test_a_wrong_password_is_refused(visit: Any) -> None:
    said = refusal(visit.admin(visit.first, "not the password"), visit.known_hosts)
    assert "refused the login as admin with the password" in said
    assert "not the password" not in said


def test_a_key_that_is_not_let_in_is_named(visit: Any, tmp_path: Path) -> None:
    key = tmp_path / "other"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
    said = refusal(replace(visit.first, key_file=key), visit.known_hosts)
    assert f"refused the login as visitor with the key {key}" in said


def test_a_refused_login_leaves_no_connection(visit: Any) -> None:
    def connections() -> list[object]:
        there = psutil.Process().net_connections("tcp")
        return [one for one in there if one.raddr and one.raddr[0] == visit.first.address]

    with connect(visit.first, [visit.known_hosts], timeout=TIMEOUT):
        assert len(connections()) == 1
    refusal(visit.admin(visit.first, "not the password"), visit.known_hosts)
    deadline = time.monotonic() + 3
    while connections() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert connections() == []


def test_a_password_where_none_is_taken_says_what_is(visit: Any) -> None:
    visit.exec(
        visit.first,
        f"printf 'PasswordAuthentication no\\nKbdInteractiveAuthentication no\\n' > {DROP_IN};{RESTART}",
    )
    try:
        assert "it takes publickey only" in refusal(visit.admin(visit.first), visit.known_hosts)
    finally:
        visit.exec(visit.first, f"rm {DROP_IN}; {RESTART}")


def test_a_missing_key_file(visit: Any) -> None:
    assert "/nowhere/key does not exist" in refusal(replace(visit.first, key_file=Path("/nowhere/key")))


def test_a_locked_key_is_opened_by_the_agent_only(visit: Any, agent: Callable[[Path], None], tmp_path: Path) -> None:
    agent(visit.key)
    key = Path(shutil.copy(visit.key, tmp_path / "locked"))
    subprocess.run(["ssh-keygen", "-q", "-p", "-N", "a passphrase", "-f", key], check=True, capture_output=True)
    assert who(replace(visit.first, key_file=key), visit.known_hosts).startswith("visitor")
    subprocess.run(["ssh-add", "-q", "-D"], check=True)
    assert f"{key} (locked by a passphrase" in refusal(replace(visit.first, key_file=key), visit.known_hosts)


def test_the_agent_does_not_stand_in_for_a_key_that_is_named(
    visit: Any, agent: Callable[[Path], None], tmp_path: Path
) -> None:
    agent(visit.key)
    assert who(replace(visit.first, key_file=None), visit.known_hosts).startswith("visitor")
    key = tmp_path / "other"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
    assert "refused the login" in refusal(replace(visit.first, key_file=key), visit.known_hosts)


def test_an_unknown_host_key_is_shown(visit: Any, tmp_path: Path) -> None:
    said = refusal(visit.first, tmp_path / "none")
    assert visit.host_key(visit.first).fingerprint in said


def test_a_changed_host_key_is_refused_before_any_password_is_sent(visit: Any, tmp_path: Path) -> None:
    file = tmp_path / "known_hosts"
    hostkeys.pin(file, visit.first.address, visit.host_key(visit.second))
    before = visit.exec(visit.first, "journalctl -q -b _COMM=sshd _COMM=sshd-session | grep -c admin || true")
    said = refusal(visit.admin(visit.first), file)
    assert visit.host_key(visit.first).fingerprint in said
    assert visit.host_key(visit.second).fingerprint in said
    assert f"{file} line 1" in said
    assert visit.exec(visit.first, "journalctl -q -b _COMM=sshd _COMM=sshd-session | grep -c admin || true") == before


@pytest.mark.parametrize("kind", ["ecdsa", "rsa"])
def test_a_host_pinned_with_another_kind_of_key_has_not_changed(visit: Any, kind: str, tmp_path: Path) -> None:
    file = tmp_path / "known_hosts"
    hostkeys.pin(file, visit.first.address, visit.host_key(visit.first, kind))
    subprocess.run(["ssh-keygen", "-q", "-H", "-f", file], check=True, capture_output=True)
    assert who(visit.first, file).startswith("visitor")


def test_another_port_and_known_hosts_from_the_arguments(visit: Any, tmp_path: Path) -> None:
    file = tmp_path / "known hosts"
    hostkeys.pin(file, f"[{visit.first.address}]:2222", visit.host_key(visit.first))
    visit.exec(visit.first, "/usr/sbin/sshd -p 2222 -o PidFile=/run/sshd-2222.pid")
    try:
        here = replace(visit.first, ssh_args=f"-o Port=2222 -o 'UserKnownHostsFile=\"{file}\"'")
        assert who(here).startswith("visitor")
        assert "is not known" in refusal(replace(here, ssh_args="-p 2222"), visit.known_hosts)
    finally:
        visit.exec(visit.first, "kill $(cat /run/sshd-2222.pid)")


def test_no_name_no_listener_no_answer(visit: Any) -> None:
    assert "the name does not resolve" in refusal(replace(visit.first, address="no-such-host.invalid"))
    assert "connection refused" in refusal(replace(visit.first, port=1))
    with socket.create_server(("127.0.0.1", 0), backlog=5) as silent:
        host = replace(visit.first, address="127.0.0.1", port=silent.getsockname()[1])
        with pytest.raises(Unreachable, match=r"ended the connection|did not answer in time"):
            connect(host, (), timeout=1)


def test_over_a_jump_host(visit: Any) -> None:
    jump = f"visitor@{visit.first.address}"
    over = replace(visit.second, ssh_args=f"-F {visit.key.parent / 'config'} -o ProxyJump={jump}")
    (visit.key.parent / "config").write_text(f"Host {visit.first.address}\n  IdentityFile {visit.key}\n")
    assert who(over, visit.known_hosts).startswith("visitor")
    seen = identify(over, [visit.known_hosts], timeout=TIMEOUT)
    assert (seen.name, seen.shown) == (visit.second.address, visit.host_key(visit.second))
    closed = replace(over, port=1)
    assert f"port 1 cannot be reached through {visit.first.address}" in refusal(closed, visit.known_hosts)


def test_a_jump_host_is_as_strict(visit: Any, tmp_path: Path) -> None:
    file = tmp_path / "known_hosts"
    hostkeys.pin(file, visit.second.address, visit.host_key(visit.second))
    over = replace(visit.second, ssh_args=f"-J visitor@{visit.first.address}")
    assert f"host key of the jump host {visit.first.address} is not known" in refusal(over, file)


def test_more_hosts_at_once_than_a_jump_host_takes_logins(visit: Any) -> None:
    (visit.key.parent / "config").write_text(f"Host {visit.first.address}\n  IdentityFile {visit.key}\n")
    over = replace(
        visit.second, ssh_args=f"-F {visit.key.parent / 'config'} -o ProxyJump=visitor@{visit.first.address}"
    )
    visit.exec(visit.first, f"echo 'MaxStartups 10:100:10' > {DROP_IN}; {RESTART}")
    visit.exec(visit.second, f"echo 'MaxStartups 50' > {DROP_IN}; {RESTART}")
    try:
        with ThreadPoolExecutor(24) as pool:
            assert len(list(pool.map(lambda _: who(over, visit.known_hosts), range(24)))) == 24
    finally:
        for host in (visit.first, visit.second):
            visit.exec(host, f"rm {DROP_IN}; {RESTART}")


def test_over_a_proxy_command(visit: Any) -> None:
    ssh = f"ssh -i {visit.key} -o UserKnownHostsFile={visit.known_hosts} -W %h:%p visitor@{visit.first.address}"
    assert who(replace(visit.second, ssh_args=f"-o 'ProxyCommand={ssh}'"), visit.known_hosts).startswith("visitor")
    assert "ended the connection" in refusal(replace(visit.second, ssh_args="-o ProxyCommand=false"))


def test_all_keys_of_a_host_are_compared_with_a_given_fingerprint(visit: Any) -> None:
    for kind in ("rsa", "ecdsa", "ed25519"):
        key = visit.host_key(visit.first, kind)
        seen = identify(visit.first, (), timeout=TIMEOUT, fingerprint=key.fingerprint)
        assert seen.shown == key
    seen = identify(visit.first, (), timeout=TIMEOUT, fingerprint="SHA256:none")
    assert seen.shown == visit.host_key(visit.first)


def test_run_gives_status_and_both_streams(visit: Any) -> None:
    with connect(visit.first, [visit.known_hosts], timeout=TIMEOUT) as connection:
        done = connection.run("echo out; echo err >&2; exit 7", timeout=TIMEOUT)
        assert (done.rc, done.stdout, done.stderr, done.truncated) == (7, b"out\n", b"err\n", False)


def test_run_cuts_what_is_too_much_and_says_so(visit: Any) -> None:
    with connect(visit.first, [visit.known_hosts], timeout=TIMEOUT) as connection:
        done = connection.run("head -c 20000000 /dev/zero", timeout=120)
        assert (done.rc, len(done.stdout), done.truncated) == (0, 16 << 20, True)


@pytest.mark.parametrize("script", ["sleep 60", "exec >&- 2>&-; sleep 60", "yes"])
def test_run_ends_at_its_deadline(visit: Any, script: str) -> None:
    with connect(visit.first, [visit.known_hosts], timeout=TIMEOUT) as connection:
        with pytest.raises(TransportBroken, match="stopped answering"):
            connection.run(script, timeout=1)
        assert connection.run("true", timeout=TIMEOUT).rc == 0, "the connection is as good as before"


def test_a_host_that_goes_away_is_no_result(visit: Any) -> None:
    with connect(visit.first, [visit.known_hosts], timeout=TIMEOUT) as connection, ThreadPoolExecutor(1) as pool:
        running = pool.submit(connection.run, "echo begun; sleep 60", timeout=TIMEOUT)
        visit.exec(visit.first, "while ! pgrep -u visitor sleep; do sleep 0.1; done; pkill -u visitor sshd")
        with pytest.raises(TransportBroken):
            running.result()


def test_no_login_without_key_and_password(visit: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    assert "there is no key and no password" in refusal(replace(visit.first, key_file=None), visit.known_hosts)
