"""Hosts that nobody has prepared yet, one of each Debian and without python3."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from pydantic import SecretStr

from opsharden import lab as labs
from opsharden.access import account, keys
from opsharden.access.account import Entry, Step
from opsharden.errors import HostError
from opsharden.lab import Lab, LabSpec
from opsharden.model import ChangeStatus, Host
from opsharden.ssh import hostkeys
from opsharden.ssh.client import connect, identify

TIMEOUT = 60.0
NAME = "robot"


@dataclass(frozen=True)
class Site:
    """A host, the installer's login to it, and the key that is to be let in."""

    host: Host
    lab: Lab
    known_hosts: Path
    key: Path

    def exec(self, script: str) -> str:
        """Run a script as root on the host, past ssh."""
        answer = self.lab.exec(self.host.name, script)
        assert answer.returncode == 0, answer.stderr
        return answer.stdout

    def prepare(self, name: str = NAME) -> tuple[str, ...]:
        """Run what is tested."""
        with connect(self.host, [self.known_hosts], timeout=TIMEOUT) as connection:
            entry = Entry(connection, self.host, name, keys.public_key(self.key), TIMEOUT)
            steps: list[Step] = []
            account.prepare(entry, account.plan(entry, account.look(entry), proved=False), steps.append)
            return tuple(step.what for step in steps if step.status is ChangeStatus.CHANGED)

    def prove(self) -> None:
        """Log in as the new account."""
        robot = replace(self.host, user=NAME, password=None, become_password=None, key_file=self.key)
        with connect(robot, [self.known_hosts], timeout=TIMEOUT) as connection:
            account.prove(connection, robot, TIMEOUT)

    def refusal(self) -> str:
        """Why it could not be prepared."""
        with pytest.raises(HostError) as caught:
            self.prepare()
        assert caught.value.advice
        return caught.value.message


@pytest.fixture(scope="module")
def sites(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Site]]:
    """A Debian 12 and a Debian 13 host without python3."""
    folder = tmp_path_factory.mktemp("access")
    keys.create(folder / "key")
    found = {}
    with labs.up(
        LabSpec(id=f"access{os.getpid()}-{secrets.token_hex(2)}", without_python=1, directory=folder / "lab")
    ) as lab:
        secret = SecretStr(lab.password)
        for there in lab.hosts:
            host = Host(there.name, there.address, user="admin", password=secret, become_password=secret)
            seen = identify(host, (), timeout=TIMEOUT)
            hostkeys.pin(folder / "known_hosts", seen.name, seen.shown)
            found[there.name] = Site(host, lab, folder / "known_hosts", folder / "key")
        yield found
