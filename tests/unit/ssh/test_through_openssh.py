"""A program that stands in for ssh and runs the command here: how sshds answer is in the integration tests."""

import time
from dataclasses import replace
from pathlib import Path

import pytest

from opsharden.errors import TransportBroken, Unreachable
from opsharden.model import Host
from opsharden.ssh import through_openssh
from opsharden.ssh.connection import Connection
from opsharden.ssh.session import open_session


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Host:
    """A host whose ssh is that program; it writes down how it was called."""
    monkeypatch.setenv("HOME", str(tmp_path))
    return with_ssh(Host("web1", "192.0.2.1", become=False), tmp_path, 'exec /bin/sh -c "$last"')


def with_ssh(host: Host, folder: Path, ending: str) -> Host:
    program = folder / "ssh"
    program.write_text(f'#!/bin/sh\nfor last; do :; done\nprintf "%s\\n" "$*" >> {folder}/calls\n{ending}\n')
    program.chmod(0o755)
    return replace(host, ssh_client=str(program))


def connect(host: Host, timeout: float = 10) -> Connection:
    return through_openssh.connect(host, [Path("/known")], timeout)


def calls(folder: Path) -> list[str]:
    return (folder / "calls").read_text().splitlines()


def test_a_login_then_commands_each_with_its_own_stdin(host: Host, tmp_path: Path) -> None:
    with connect(host) as connection:
        assert len(calls(tmp_path)) == 1, "connected means logged in"
        assert connection.run("cat; echo two\necho three", stdin=b"one\n", timeout=5).stdout == b"one\ntwo\nthree\n"
        assert len(calls(tmp_path)) == 1
        pipe, uid = open_session(host, connection, "exec cat", 5)
        assert uid >= 0
        pipe.send(b"x\n", 5)
        assert pipe.line(5) == b"x"
        assert len(calls(tmp_path)) == 2
    with pytest.raises(TransportBroken):
        connection.open_channel("true")


def test_a_command_of_many_bytes_and_signs(host: Host) -> None:
    text = "ä 'x' \\n $HOME \t" + "y" * 70_000
    with connect(host) as connection:
        quoted = text.replace("'", "'\\''")
        assert connection.run(f"printf %s '{quoted}'", timeout=5).stdout.decode() == text


def test_no_login(host: Host, tmp_path: Path) -> None:
    with pytest.raises(Unreachable, match="web1 refused the login as joe"):
        connect(with_ssh(host, tmp_path, "echo 'joe@192.0.2.1: Permission denied (publickey).' >&2; exit 255"))
    with pytest.raises(Unreachable, match="The shell on web1 ended at once: not today"):
        connect(with_ssh(host, tmp_path, "echo not today; exit 1"))
    with pytest.raises(Unreachable, match="cannot be started"):
        connect(replace(host, ssh_client=str(tmp_path)))
    began = time.monotonic()
    with pytest.raises(Unreachable, match="did not answer OpenSSH in time"):
        connect(with_ssh(host, tmp_path, "exec sleep 60"), 0.2)
    assert time.monotonic() - began < 4


def test_a_lost_connection_is_no_refusal_of_sudo(host: Host, tmp_path: Path) -> None:
    lost = with_ssh(host, tmp_path, '/bin/sh -c "${last%;*}; read -r size\'"; exit 255')
    with connect(lost) as connection, pytest.raises(TransportBroken, match="was lost"):
        open_session(replace(lost, become=True), connection, "exec cat", 5)


def test_what_known_hosts_call_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    host = Host("web1", "inner")
    assert through_openssh.place(host, [], 10) == "inner"
    assert through_openssh.place(replace(host, ssh_args="-o HostName=%h.example.org -p 23"), [], 10) == (
        "[inner.example.org]:23"
    )
    assert through_openssh.place(replace(host, ssh_args="-p 23 -o HostKeyAlias=web"), [], 10) == "web"
    with pytest.raises(Unreachable, match="bad configuration option"):
        through_openssh.place(replace(host, ssh_args="-o NoSuch=1"), [], 10)
