"""Hosts that paramiko cannot reach: OpenSSH goes there by itself, at once, and with strong algorithms only."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from opsharden.errors import Unreachable
from opsharden.model import Host
from opsharden.ssh import hostkeys
from opsharden.ssh.client import connect

TIMEOUT = 30.0
PORT = 2299
LISTENS = f"grep -qi ':{PORT:04X} 00000000:0000 0A' /proc/net/tcp"
THERE = f"until {LISTENS}; do sleep 0.1; done"
GONE = f"while {LISTENS}; do sleep 0.1; done"


@pytest.fixture(params=["first", "second"])
def served(request: pytest.FixtureRequest, visit: Any) -> Iterator[Any]:
    """Starts one more sshd on a host, with options; gives the host as it is reached there."""
    plain: Host = getattr(visit, request.param)

    def serve(*options: str) -> Host:
        given = " ".join(f"-o '{option}'" for option in options)
        visit.exec(plain, f"/usr/sbin/sshd -p {PORT} -o PidFile=/run/beyond.pid {given}; {THERE}")
        return replace(plain, port=PORT)

    yield serve
    visit.exec(plain, f"kill $(cat /run/beyond.pid); rm -f /run/beyond.pid /etc/ssh/beyond*; {GONE}")


@pytest.fixture
def known(visit: Any, tmp_path: Path) -> Path:
    path = tmp_path / "known_hosts"
    for host in (visit.first, visit.second):
        hostkeys.pin(path, hostkeys.place(host.address, PORT), visit.host_key(host))
    return path


def who(host: Host, known: Path) -> str:
    with connect(host, [known], timeout=TIMEOUT) as connection:
        return connection.run("id -un", timeout=TIMEOUT).stdout.decode().strip()


@pytest.mark.parametrize(
    ("option", "paramiko_too"),
    [
        ("KexAlgorithms=curve25519-sha256", True),
        ("KexAlgorithms=sntrup761x25519-sha512@openssh.com", False),
        ("Ciphers=chacha20-poly1305@openssh.com", False),
        ("MACs=umac-128-etm@openssh.com", False),
    ],
)
def test_algorithms(served: Any, known: Path, option: str, paramiko_too: bool) -> None:
    host = served(option, "Ciphers=aes256-ctr" if option.startswith("MACs") else "LogLevel=INFO")
    assert who(host, known) == "visitor"
    if paramiko_too:
        assert who(replace(host, ssh_client="paramiko"), known) == "visitor"
    else:
        with pytest.raises(Unreachable, match="no cryptography that paramiko knows"):
            who(replace(host, ssh_client="paramiko"), known)


@pytest.mark.parametrize("option", ["Ciphers=aes256-cbc", "KexAlgorithms=diffie-hellman-group14-sha1"])
def test_nobody_goes_with_less(served: Any, known: Path, option: str) -> None:
    with pytest.raises(Unreachable, match="no cryptography that is still strong"):
        who(served(option), known)


def test_an_authority_of_host_keys(served: Any, visit: Any, tmp_path: Path) -> None:
    for name in ("authority", "other"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", tmp_path / name], check=True)
    host = served("HostCertificate=/etc/ssh/beyond-cert.pub")  # read when somebody comes
    key = visit.host_key(host)
    (tmp_path / "host.pub").write_text(f"{key.type} {key.blob}\n")
    subprocess.run(
        ["ssh-keygen", "-q", "-s", tmp_path / "authority", "-I", "it", "-h", "-n", host.address, tmp_path / "host.pub"],
        check=True,
    )
    visit.exec(host, f"echo '{(tmp_path / 'host-cert.pub').read_text().strip()}' >/etc/ssh/beyond-cert.pub")
    visit.exec(host, f"kill -HUP $(cat /run/beyond.pid); sleep 0.5; {THERE}")
    known = tmp_path / "known_hosts"
    for name, lets_in in (("authority", True), ("other", False)):
        blob = " ".join((tmp_path / f"{name}.pub").read_text().split()[:2])
        known.write_text(f"@cert-authority {hostkeys.place(host.address, PORT)} {blob}\n")
        if lets_in:
            assert who(host, known) == "visitor"
        else:
            with pytest.raises(Unreachable, match="is not known"):
                who(host, known)
