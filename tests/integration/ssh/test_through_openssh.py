"""OpenSSH as the pipe, on real sshds: it gets in, it is strict, it says why not, and it leaves nothing behind."""

from __future__ import annotations

import secrets
import subprocess
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from tempfile import gettempdir
from typing import Any

import psutil
import pytest

from opsharden.errors import TransportBroken, Unreachable
from opsharden.inventory import load_inventory
from opsharden.model import Host
from opsharden.ssh import hostkeys
from opsharden.ssh.client import connect, identify
from opsharden.ssh.session import open_session

TIMEOUT = 30.0
DROP_IN = "/etc/ssh/sshd_config.d/00-test.conf"
RESTART = "systemctl reset-failed ssh; systemctl restart ssh"


def clients() -> list[psutil.Process]:
    """The ssh processes that we started and those that they started: each is given our file."""
    found = []
    for process in psutil.process_iter(["cmdline", "status"]):
        words = process.info["cmdline"] or ()
        ours = any(f"{gettempdir()}/opsharden-ssh-" in word for word in words)
        if ours and process.info["status"] != psutil.STATUS_ZOMBIE:
            found.append(process)
    return found


@pytest.fixture(autouse=True)
def nothing_left() -> Iterator[None]:
    """Whatever a test did, no process and no file stays."""
    yield
    deadline = time.monotonic() + 3  # one that was started by one that was ended sees that first
    while clients() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert clients() == []
    assert list(Path(gettempdir()).glob("opsharden-ssh-*")) == []
    zombies = [child for child in psutil.Process().children() if child.status() == psutil.STATUS_ZOMBIE]
    assert [child for child in zombies if child.name() == "ssh"] == []


@pytest.fixture
def first(visit: Any) -> Host:
    """The first host, with a demand that only OpenSSH can meet."""
    host: Host = visit.first
    return replace(host, ssh_args="-o KexAlgorithms=curve25519-sha256")


@pytest.fixture
def root(visit: Any, first: Host) -> Iterator[Host]:
    """The same, where `visitor` becomes root by a password."""
    password = visit.admin(visit.first, "guessable").password
    visit.exec(first, "echo 'visitor:guessable' | chpasswd; echo 'visitor ALL=(ALL) ALL' > /etc/sudoers.d/visitor")
    yield replace(first, become=True, become_password=password)
    visit.exec(first, "rm /etc/sudoers.d/visitor; usermod --password '*' visitor")


@pytest.fixture
def config(visit: Any, tmp_path: Path) -> Path:
    """An ssh_config that says how to log in to the first host as a jump host; and what we must not follow."""
    file = tmp_path / "config"
    file.write_text(
        "StrictHostKeyChecking no\nUserKnownHostsFile /dev/null\nControlMaster auto\n"
        f"ControlPath {tmp_path}/master-%h\nControlPersist 60\n"
        f"Host {visit.first.address}\n  User visitor\n  IdentityFile {visit.key}\n"
    )
    return file


def who(host: Host, *known_hosts: Path) -> str:
    with connect(host, known_hosts, timeout=TIMEOUT) as connection:
        assert clients(), "this is about OpenSSH"
        return connection.run("id -un; cat", stdin=b"over stdin", timeout=TIMEOUT).stdout.decode()


def refusal(host: Host, *known_hosts: Path, timeout: float = TIMEOUT) -> str:
    with pytest.raises(Unreachable) as caught, connect(host, known_hosts, timeout=timeout):
        pass
    assert caught.value.advice
    return caught.value.message


def test_it_gets_in(visit: Any, first: Host) -> None:
    assert who(first, visit.known_hosts) == "visitor\nover stdin"
    second = replace(first, name=visit.second.name, address=visit.second.address)
    assert who(second, visit.known_hosts) == "visitor\nover stdin"


def test_paramiko_goes_where_it_can(visit: Any) -> None:
    with connect(visit.first, [visit.known_hosts], timeout=TIMEOUT):
        assert clients() == []


@pytest.mark.parametrize("variable", ["opsharden_ssh_client: openssh", "ansible_ssh_executable: /usr/bin/ssh"])
def test_a_variable_asks_for_it(visit: Any, variable: str, tmp_path: Path) -> None:
    file = tmp_path / "hosts.yml"
    file.write_text(
        f"all:\n  hosts:\n    web1:\n      ansible_host: {visit.first.address}\n      ansible_user: visitor\n"
        f"      ansible_ssh_private_key_file: {visit.key}\n      ansible_become: false\n      {variable}\n"
    )
    inventory = load_inventory([str(file)])
    host = inventory.host(*inventory.select())
    assert who(host, visit.known_hosts).startswith("visitor")


def test_root_and_a_megabyte_both_ways(visit: Any, root: Host) -> None:
    data = secrets.token_bytes(1 << 20)
    with connect(root, [visit.known_hosts], timeout=TIMEOUT) as connection:
        pipe, uid = open_session(root, connection, "exec cat", TIMEOUT)
        assert uid == 0
        pipe.send(b"a question\n", TIMEOUT)
        assert pipe.line(TIMEOUT) == b"a question"
        pipe.send(data, TIMEOUT)
        assert pipe.exactly(len(data), TIMEOUT) == data
        lines = visit.exec(root, "cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ | tr '\\0' '\\n'")
        assert "guessable" not in lines
        assert not any("guessable" in word for client in clients() for word in client.cmdline())
        assert pipe.rest(TIMEOUT) == (0, b"")


def test_status_and_both_streams(visit: Any, first: Host) -> None:
    with connect(first, [visit.known_hosts], timeout=TIMEOUT) as connection:
        done = connection.run("echo out; echo err >&2; exit 7", timeout=TIMEOUT)
        assert (done.rc, done.stdout, done.stderr, done.truncated) == (7, b"out\n", b"err\n", False)
        assert connection.run("printf '%s\\n' \"it's\n two\"", timeout=TIMEOUT).stdout == b"it's\n two\n", "and another"


def test_what_is_too_much_is_cut(visit: Any, first: Host) -> None:
    with connect(first, [visit.known_hosts], timeout=TIMEOUT) as connection:
        done = connection.run("head -c 20000000 /dev/zero", timeout=120)
        assert (done.rc, len(done.stdout), done.truncated) == (0, 16 << 20, True)


def test_what_is_printed_at_login_does_not_get_in_between(visit: Any, first: Host) -> None:
    visit.exec(first, f"echo 'Banner /etc/hostname' > {DROP_IN}; {RESTART}")
    visit.exec(first, "sed -i '1i echo IN0; echo noise >&2' /home/visitor/.bashrc")
    try:
        assert who(first, visit.known_hosts) == "visitor\nover stdin"
    finally:
        visit.exec(first, f"sed -i 1d /home/visitor/.bashrc; rm {DROP_IN}; {RESTART}")


LAX = "-o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o VerifyHostKeyDNS=yes -o Ciphers=aes128-ctr -q -tt"


def test_an_unknown_host_key_is_refused_whatever_the_arguments_say(visit: Any, tmp_path: Path) -> None:
    host = replace(visit.first, ssh_args=LAX)
    assert "The host key of " + host.name + " is not known" in refusal(host, tmp_path / "none")
    assert who(host, visit.known_hosts).startswith("visitor")


def test_a_changed_host_key_is_refused_whatever_the_arguments_say(visit: Any, tmp_path: Path) -> None:
    file = tmp_path / "known hosts"
    hostkeys.pin(file, visit.first.address, visit.host_key(visit.second))
    said = refusal(replace(visit.first, ssh_args=LAX), file)
    assert f"The host key of {visit.first.name} has changed" in said
    assert visit.host_key(visit.first).fingerprint in said
    assert f"{file} line 1" in said


def test_a_revoked_host_key_is_refused(visit: Any, first: Host, tmp_path: Path) -> None:
    key = visit.host_key(first)
    file = tmp_path / "known_hosts"
    file.write_text(f"{first.address} {key.type} {key.blob}\n@revoked * {key.type} {key.blob}\n")
    assert "is revoked" in refusal(first, file)


def over(visit: Any, config: Path, *more: str) -> Host:
    args = ["-F", str(config), "-o", f"ProxyJump={visit.first.address}", "-o", "RekeyLimit=1G", "-4", *more]
    host: Host = visit.second
    return replace(host, ssh_args=" ".join(args))


def test_over_a_jump_host(visit: Any, config: Path) -> None:
    assert who(over(visit, config), visit.known_hosts).startswith("visitor")
    assert not list(config.parent.glob("master-*")), "no connection is left open for others"
    assert "through its jump host" in refusal(replace(over(visit, config), port=1), visit.known_hosts)


def test_a_jump_host_is_as_strict(visit: Any, config: Path, tmp_path: Path) -> None:
    file = tmp_path / "known_hosts"
    hostkeys.pin(file, visit.second.address, visit.host_key(visit.second))
    assert f"host key of the jump host {visit.first.address} is not known" in refusal(over(visit, config), file)


def test_more_hosts_at_once_than_a_jump_host_takes_logins(visit: Any, config: Path) -> None:
    visit.exec(visit.first, f"echo 'MaxStartups 10:100:10' > {DROP_IN}; {RESTART}")
    visit.exec(visit.second, f"echo 'MaxStartups 50' > {DROP_IN}; {RESTART}")
    try:
        with ThreadPoolExecutor(16) as pool:
            assert len(list(pool.map(lambda _: who(over(visit, config), visit.known_hosts), range(16)))) == 16
    finally:
        for host in (visit.first, visit.second):
            visit.exec(host, f"rm {DROP_IN}; {RESTART}")


def test_a_host_that_does_not_answer_keeps_no_other_from_passing(visit: Any, config: Path) -> None:
    """Behind a jump host, more of them than may log in there at once."""
    script = "import socket, time; s = socket.create_server(('', 2200), backlog=64); time.sleep(60)"
    visit.exec(visit.second, f'systemd-run --quiet --unit silent --collect python3 -c "{script}"')
    try:
        with ThreadPoolExecutor(8) as pool:
            dead = replace(over(visit, config), port=2200)
            waiting = [pool.submit(refusal, dead, visit.known_hosts, timeout=5) for _ in range(7)]
            time.sleep(1)
            began = time.monotonic()
            assert who(over(visit, config), visit.known_hosts).startswith("visitor")
            took = time.monotonic() - began
            said = {future.result() for future in waiting}
        assert took < 4
        assert all("did not answer" in sentence for sentence in said), said
    finally:
        visit.exec(visit.second, "systemctl stop silent")


def test_no_connection_of_somebody_else_is_used(visit: Any, config: Path) -> None:
    """A master that nobody checked: it leads to the second host, whoever is asked for."""
    path = config.parent / f"master-{visit.first.address}"
    master = ["ssh", "-F", str(config), "-i", str(visit.key), "-N", "-o", "BatchMode=yes", "-M", "-S", str(path)]
    process = subprocess.Popen([*master, f"visitor@{visit.second.address}"], stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + TIMEOUT
        while not path.exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        host = replace(visit.first, ssh_args=f"-4 -F {config} -o ControlPath={path}")
        with connect(host, [visit.known_hosts], timeout=TIMEOUT) as connection:
            assert connection.run("hostname", timeout=TIMEOUT).stdout.strip() == b"deb12-1"
    finally:
        process.terminate()
        process.wait(10)


def test_match_exec_is_followed(visit: Any, tmp_path: Path) -> None:
    file = tmp_path / "config"
    file.write_text(f'Match originalhost inner exec "test %n = inner"\n  HostName {visit.first.address}\n')
    host = replace(visit.first, address="inner", ssh_args=f"-F {file}")
    assert who(host, visit.known_hosts).startswith("visitor")


def test_a_certificate(visit: Any, tmp_path: Path) -> None:
    for name in ("ca", "key"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", tmp_path / name], check=True)
    sign = ["ssh-keygen", "-q", "-s", str(tmp_path / "ca"), "-I", "test", "-n", "visitor", str(tmp_path / "key.pub")]
    subprocess.run(sign, check=True)
    certificate = (tmp_path / "key-cert.pub").rename(tmp_path / "elsewhere.pub")
    public = (tmp_path / "ca.pub").read_text().strip()
    visit.exec(
        visit.first, f"echo '{public}' > /etc/ssh/ca; echo 'TrustedUserCAKeys /etc/ssh/ca' > {DROP_IN}; {RESTART}"
    )
    try:
        host = replace(visit.first, key_file=tmp_path / "key")
        assert "refused the login" in refusal(host, visit.known_hosts)
        host = replace(host, ssh_args=f"-o CertificateFile={certificate}")
        assert who(host, visit.known_hosts).startswith("visitor")
    finally:
        visit.exec(visit.first, f"rm /etc/ssh/ca {DROP_IN}; {RESTART}")


def test_a_public_key_names_one_of_the_agent(visit: Any, agent: Callable[[Path], None]) -> None:
    host = replace(visit.first, key_file=visit.key.with_name("key.pub"))
    assert "refused the login as visitor" in refusal(host, visit.known_hosts)
    agent(visit.key)
    assert who(host, visit.known_hosts).startswith("visitor")


def test_a_key_in_a_place_with_signs_that_mean_something_to_ssh(visit: Any, first: Host, tmp_path: Path) -> None:
    key = tmp_path / "a %h key"
    key.write_bytes(visit.key.read_bytes())
    key.chmod(0o600)
    assert who(replace(first, key_file=key), visit.known_hosts).startswith("visitor")


def test_a_password_is_not_given_to_it(visit: Any) -> None:
    host = replace(visit.admin(visit.first), ssh_args="-4")
    said = refusal(host, visit.known_hosts)
    assert "by OpenSSH only (it needs the ssh argument -4), which is given no login password" in said
    assert visit.lab.password not in said


def test_why_it_did_not_get_in(visit: Any, first: Host, tmp_path: Path) -> None:
    name, known = first.name, visit.known_hosts
    closed = f"{name} cannot be reached at {first.address} port 1: connection refused."
    assert refusal(replace(first, port=1), known) == closed
    assert "the name does not resolve" in refusal(replace(first, address="no-such-host.invalid"), known)
    assert "refused the login as nobody: it takes publickey" in refusal(replace(first, user="nobody"), known)
    assert "bad configuration option: nosuchthing" in refusal(replace(first, ssh_args="-o NoSuchThing=1"), known)
    assert "cannot be started: No such file" in refusal(replace(first, ssh_client="/nowhere/ssh"), known)
    assert "/nowhere/key does not exist" in refusal(replace(first, key_file=Path("/nowhere/key")), known)
    weak = refusal(replace(first, ssh_args="-o KexAlgorithms=diffie-hellman-group1-sha1"), known)
    assert f"{name} speaks no cryptography that is still strong" in weak
    damaged = tmp_path / "damaged"
    kind = "OPENSSH PRIVATE KEY"
    damaged.write_text(f"-----BEGIN {kind}-----\nAAAA\n-----END {kind}-----\n")
    damaged.chmod(0o600)
    assert f"the key {damaged} cannot be used" in refusal(replace(first, key_file=damaged), known)


def test_a_shell_that_ends_at_once(visit: Any, first: Host) -> None:
    visit.exec(first, "usermod --shell /usr/sbin/nologin visitor")
    try:
        with (
            pytest.raises(Unreachable, match="ended at once: This account"),
            connect(first, [visit.known_hosts], timeout=TIMEOUT),
        ):
            pass
    finally:
        visit.exec(first, "usermod --shell /bin/bash visitor")


@pytest.mark.parametrize("script", ["sleep 60", "exec >&- 2>&-; sleep 60", "yes"])
def test_run_ends_at_its_deadline(visit: Any, first: Host, script: str) -> None:
    with connect(first, [visit.known_hosts], timeout=TIMEOUT) as connection:
        with pytest.raises(TransportBroken, match="stopped answering"):
            connection.run(script, timeout=1)
        assert connection.run("true", timeout=TIMEOUT).rc == 0


def test_a_host_that_goes_away_is_no_result(visit: Any, first: Host) -> None:
    with connect(first, [visit.known_hosts], timeout=TIMEOUT) as connection:
        pipe, _ = open_session(first, connection, "exec cat", TIMEOUT)
        visit.exec(first, "pkill -u visitor sshd")
        with pytest.raises(TransportBroken, match="lost in the middle"):
            pipe.line(TIMEOUT)
        with pytest.raises(TransportBroken):
            pipe.send(b"anything", TIMEOUT)
    with connect(first, [visit.known_hosts], timeout=TIMEOUT) as connection, ThreadPoolExecutor(1) as pool:
        running = pool.submit(connection.run, "echo begun; sleep 60", timeout=TIMEOUT)
        visit.exec(first, "while ! pgrep -u visitor sleep; do sleep 0.1; done; pkill -u visitor sshd")
        with pytest.raises(TransportBroken):
            running.result()


def test_closing_from_another_thread_ends_the_wait(visit: Any, first: Host) -> None:
    with connect(first, [visit.known_hosts], timeout=TIMEOUT) as connection, ThreadPoolExecutor(1) as pool:
        running = pool.submit(connection.run, "sleep 60", timeout=TIMEOUT)
        visit.exec(first, "while ! pgrep -u visitor sleep; do sleep 0.1; done")
        began = time.monotonic()
        connection.close()
        with pytest.raises(TransportBroken):
            running.result()
        assert time.monotonic() - began < 3
        with pytest.raises(TransportBroken):
            connection.run("true", timeout=TIMEOUT)


def test_the_key_that_a_host_shows(visit: Any, first: Host, config: Path, tmp_path: Path) -> None:
    count = "journalctl -q -b -t sshd | grep -c 'Accepted ' || true"
    logins = visit.exec(first, count)
    seen = identify(first, [visit.known_hosts], timeout=TIMEOUT)
    assert (seen.name, seen.shown) == (first.address, visit.host_key(first))
    assert [entry.key for entry in seen.pinned] == [seen.shown]
    for kind in ("rsa", "ecdsa", "ed25519"):
        key = visit.host_key(first, kind)
        assert identify(first, (), timeout=TIMEOUT, fingerprint=key.fingerprint).shown == key
        file = tmp_path / kind
        hostkeys.pin(file, first.address, key)
        assert identify(first, [file], timeout=TIMEOUT).shown == key, "of the pinned kind"
    assert visit.exec(first, count) == logins, "to be seen is not to be logged in to"
    jump = over(visit, config, "-o", "HostKeyAlias=inner")
    seen = identify(jump, [visit.known_hosts], timeout=TIMEOUT)
    assert (seen.name, seen.shown) == ("inner", visit.host_key(visit.second))
    with pytest.raises(Unreachable, match=f"host key of the jump host {visit.first.address} is not known"):
        identify(jump, (), timeout=TIMEOUT)
    with pytest.raises(Unreachable, match="connection refused"):
        identify(replace(first, port=1), (), timeout=TIMEOUT)
