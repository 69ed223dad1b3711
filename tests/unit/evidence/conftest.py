"""Values to file, each with only what a test cares about spelled out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from opsharden.evidence import Store
from opsharden.model import Control, Finding, Observation, Run, RunState, Severity, Verdict

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "project" / ".opsharden" / "evidence.db"


@pytest.fixture
def store(database: Path) -> Iterator[Store]:
    with Store.open(database) as opened:
        yield opened


@pytest.fixture
def run() -> Callable[..., Run]:
    def make(number: int = 0, **fields: object) -> Run:
        values: dict[str, object] = {
            "id": f"20261124-12{number:02}00-000{number}",
            "verb": "verify",
            "state": RunState.RUNNING,
            "started_at": NOON + timedelta(minutes=number),
            "operator": "admin",
            "control_node": "desk",
            "command": "opsharden verify",
            "version": "0.1.0",
            "profiles": ("baseline-1", "monitoring"),
        }
        return Run(**(values | fields))  # type: ignore[arg-type] # the fields a test gives are of its own choosing

    return make


@pytest.fixture
def control() -> Callable[..., Control]:
    def make(id: str = "ssh-no-root", **fields: object) -> Control:
        values: dict[str, object] = {
            "id": id,
            "title": "Root cannot log in over SSH",
            "why": "A shared name hides who acted.",
            "severity": Severity.HIGH,
            "role": "ssh",
            "references": {"nist-800-53r5": ("AC-6", "AC-2")},
        }
        return Control(**(values | fields))  # type: ignore[arg-type] # as above

    return make


@pytest.fixture
def observation() -> Callable[..., Observation]:
    def make(host: str = "web1", stdout: bytes = b"permitrootlogin no\n", **fields: object) -> Observation:
        values: dict[str, object] = {
            "host": host,
            "command": "sshd -T",
            "rc": 0,
            "stdout": stdout,
            "stderr": b"",
            "taken_at": NOON,
            "seconds": 0.25,
        }
        return Observation(**(values | fields))  # type: ignore[arg-type] # as above

    return make


@pytest.fixture
def finding() -> Callable[..., Finding]:
    def make(host: str = "web1", control: str = "ssh-no-root", **fields: object) -> Finding:
        values: dict[str, object] = {"host": host, "control": control, "verdict": Verdict.PASS}
        return Finding(**(values | fields))  # type: ignore[arg-type] # as above

    return make
