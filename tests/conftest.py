"""Real hosts for the tests: one lab for the whole session, and a project that works on it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from opsharden import lab as labs
from opsharden.lab import Lab, LabSpec

# A job started with `&` or nohup ignores Ctrl-C, and so would every opsharden that a test starts and interrupts.
signal.signal(signal.SIGINT, signal.default_int_handler)


HERE = Path(__file__).parent
TIME_LIMITS = {"unit": 120, "integration": 900, "acceptance": 900, "field": 0}
"""Seconds one test may take with its fixtures, so that what waits for ever fails and says where; 0 is no limit."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What uses the lab needs hosts, and so does everything in tests/integration. No test waits for ever."""
    for item in items:
        if not item.path.is_relative_to(HERE):
            continue
        family = item.path.relative_to(HERE).parts[0]
        item.add_marker(pytest.mark.timeout(TIME_LIMITS[family]))
        if family == "integration" or "lab" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.lab)


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A Debian 12 host, a Debian 13 host and a hub, as new as from an installer."""
    spec = LabSpec(id=f"test{os.getpid()}", hub=True, directory=tmp_path_factory.mktemp("lab"))
    with labs.up(spec) as here:
        yield here


@dataclass(frozen=True)
class Project:
    """A project folder, and opsharden called in it as a user would."""

    path: Path
    lab: Lab
    names: tuple[str, ...]

    def run(
        self, *arguments: str | Path, env: dict[str, str] | None = None, timeout: float = 600
    ) -> subprocess.CompletedProcess[str]:
        """Call opsharden."""
        return subprocess.run(
            [sys.executable, "-m", "opsharden", *map(str, arguments)],
            cwd=self.path,
            env={**os.environ, "COLUMNS": "160", **(env or {})},
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )

    def exec(self, host: str, script: str) -> str:
        """Run a script as root on a host, past ssh, and expect it to work."""
        answer = self.lab.exec(host, script)
        assert answer.returncode == 0, f"{host}: {script}: {answer.stderr}"
        return answer.stdout


@pytest.fixture(scope="session")
def project(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project with the lab's hosts, bootstrapped and nothing more."""
    return ready(lab, tmp_path_factory.mktemp("project"))


def ready(lab: Lab, path: Path) -> Project:
    """A project in a folder, with the hosts of a lab bootstrapped."""
    here = Project(path, lab, tuple(host.name for host in lab.hosts if host.name != "hub"))
    assert here.run("init").returncode == 0
    settings = (path / "opsharden.toml").read_text(encoding="utf-8")
    sources = f'inventory = ["inventory/hosts.yml", "{lab.inventory}/hosts.yml"]'
    (path / "opsharden.toml").write_text(settings.replace('inventory = ["inventory/hosts.yml"]', sources))
    done = here.run("bootstrap", "--password-file", lab.home / "password")
    assert done.returncode == 0, done.stdout + done.stderr
    return here
