"""Accounts and keys of these tests' own on the lab's hosts, so that they meet nobody else's."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from pydantic import SecretStr

from opsharden.lab import Lab
from opsharden.model import Host
from opsharden.ssh import hostkeys
from opsharden.ssh.hostkeys import HostKey

USER = "visitor"


@dataclass(frozen=True)
class Visit:
    """Two hosts on which the account `visitor` is let in with a key, without sudo.

    Attributes:
        first: On Debian 12, with the key.
        second: On Debian 13, with the key.
        known_hosts: Their Ed25519 keys.
        key: Of `visitor`.
        lab: Theirs.
    """

    first: Host
    second: Host
    known_hosts: Path
    key: Path
    lab: Lab

    def exec(self, host: Host, script: str) -> str:
        """Run a script as root on a host, past ssh."""
        answer = self.lab.exec(host.name, script)
        assert answer.returncode == 0, answer.stderr
        return answer.stdout

    def admin(self, host: Host, password: str | None = None) -> Host:
        """The same host with the installer's login, whose sudo wants a password."""
        secret = SecretStr(self.lab.password if password is None else password)
        return replace(host, user="admin", key_file=None, password=secret, become_password=secret)

    def host_key(self, host: Host, kind: str = "ed25519") -> HostKey:
        """A host's key as it says itself."""
        return HostKey(*self.exec(host, f"cat /etc/ssh/ssh_host_{kind}_key.pub").split()[:2])


@pytest.fixture(scope="session")
def visit(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Visit]:
    """The account, its key, and the hosts' keys pinned."""
    folder = tmp_path_factory.mktemp("visit")
    key = folder / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
    public = key.with_name("key.pub").read_text().strip()
    names = [host for host in lab.hosts if host.name != "hub"][:2]
    first, second = (Host(host.name, host.address, user=USER, key_file=key, become=False) for host in names)
    here = Visit(first, second, folder / "known_hosts", key, lab)
    for host in (first, second):
        here.exec(
            host,
            f"useradd --create-home --shell /bin/bash --password '*' {USER}; cd /home/{USER}; umask 077; mkdir .ssh; "
            f"echo '{public}' > .ssh/authorized_keys; chown -R {USER}: .ssh",
        )
        hostkeys.pin(here.known_hosts, host.address, here.host_key(host))
    yield here
    for host in (first, second):
        here.exec(host, f"userdel --force --remove {USER} 2>/dev/null; true")


@pytest.fixture
def agent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., object]]:
    """An ssh-agent of the test's own; call it to add a key."""
    monkeypatch.setenv("SSH_AUTH_SOCK", str(tmp_path / "agent"))
    process = subprocess.Popen(
        ["ssh-agent", "-D", "-a", tmp_path / "agent"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    assert process.stdout is not None
    process.stdout.readline()  # it listens

    def add(key: Path) -> None:
        subprocess.run(["ssh-add", "-q", key], check=True)

    try:
        yield add
    finally:
        process.terminate()
        process.wait(10)
        process.stdout.close()
