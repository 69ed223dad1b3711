"""Hosts to play on, and roles and requests to play."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from opsharden.play import Content, PlayRequest

MakeRole = Callable[..., None]
MakeRequest = Callable[..., PlayRequest]


@dataclass(frozen=True)
class ManagedHosts:
    """Running hosts, and how a play reaches them."""

    inventory: Path
    known_hosts: Path
    names: tuple[str, ...]
    project: Any

    def exec(self, host: str, script: str) -> str:
        """Run a script as root on a host, past Ansible, and expect it to work."""
        return str(self.project.exec(host, script))


@pytest.fixture(scope="session")
def managed_hosts(project: Any, tmp_path_factory: pytest.TempPathFactory) -> ManagedHosts:
    addresses = {host.name: host.address for host in project.lab.hosts}
    everyone = {
        "vars": {
            "ansible_user": "opsharden",
            "ansible_ssh_private_key_file": str(project.path / "keys" / "automation"),
            "ansible_python_interpreter": "/usr/bin/python3",
        },
        "hosts": {name: {"ansible_host": addresses[name]} for name in project.names},
    }
    inventory = tmp_path_factory.mktemp("managed") / "hosts.yml"
    inventory.write_text(yaml.safe_dump({"all": everyone}), encoding="utf-8")
    return ManagedHosts(inventory, project.path / "known_hosts", project.names, project)


@pytest.fixture
def make_role(tmp_path: Path) -> MakeRole:
    """Write a role of this test's own: its name, and its tasks as YAML."""

    def make(name: str, tasks: str) -> None:
        folder = tmp_path / "roles" / name / "tasks"
        folder.mkdir(parents=True)
        (folder / "main.yml").write_text(tasks, encoding="utf-8")

    return make


@pytest.fixture
def make_request(tmp_path: Path, managed_hosts: ManagedHosts) -> MakeRequest:
    """A request for roles of this test, on all hosts; fields can be overruled."""

    def make(*roles: str, **fields: Any) -> PlayRequest:
        (tmp_path / "roles").mkdir(exist_ok=True)
        of_content = {name: fields.pop(name) for name in Content.__dataclass_fields__ if name in fields}
        usual: dict[str, Any] = {
            "run_id": f"test-{os.getpid()}-{tmp_path.name}",
            "hosts": managed_hosts.names,
            "inventory": (str(managed_hosts.inventory),),
            "known_hosts": (managed_hosts.known_hosts,),
            "content": Content(**{"roles": roles, "roles_path": (tmp_path / "roles",), **of_content}),
        }
        return PlayRequest(**{**usual, **fields})

    return make
