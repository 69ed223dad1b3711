"""Workers that come and go, a program that stays."""

from __future__ import annotations

import json
import os
import shutil
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Client
from pathlib import Path
from typing import Any

import psutil
import pytest

from opsharden.play.standby import Relay

PYTHON = f"exec {sys.executable}"


@pytest.fixture
def relay(tmp_path: Path) -> Iterator[Relay]:
    relay = Relay(tmp_path / "relay")
    yield relay
    relay.close()


def ask(tmp_path: Path, what: dict[str, Any], body: bytes = b"", key: str = "here", start: str = PYTHON) -> Any:
    """Ask as the connection plugin does."""
    with Client(str(tmp_path / "relay"), family="AF_UNIX") as worker:
        worker.send_bytes(json.dumps({"words": ["sh", "-c"], "start": [start, ""], "key": key, **what}).encode())
        worker.send_bytes(body)
        head = json.loads(worker.recv_bytes())
        return (head["rc"], worker.recv_bytes(), worker.recv_bytes()) if "rc" in head else head


PARENT = {"do": "python"}, b"import os; print(os.getppid())"


def test_one_program_serves_all_workers(relay: Relay, tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        parents = set(pool.map(lambda _: ask(tmp_path, *PARENT), range(8)))
    assert len(parents) == 1
    assert ask(tmp_path, *PARENT) in parents


def test_each_key_has_a_program_of_its_own(relay: Relay, tmp_path: Path) -> None:
    assert ask(tmp_path, *PARENT, key="one") != ask(tmp_path, *PARENT, key="other")


def test_where_it_does_not_come_up_it_is_tried_once(relay: Relay, tmp_path: Path) -> None:
    start = f"echo tried >>{tmp_path}/tries; exit 1 #"
    assert [ask(tmp_path, *PARENT, start=start) for _ in range(3)] == [{"declined": True}] * 3
    assert (tmp_path / "tries").read_text(encoding="utf-8") == "tried\n"


def test_what_broke_is_told_and_begun_anew(relay: Relay, tmp_path: Path) -> None:
    kill_it = b"import os, signal, time; os.kill(os.getppid(), signal.SIGKILL); time.sleep(5)"
    assert ask(tmp_path, {"do": "python"}, kill_it) == {"lost": True}
    assert ask(tmp_path, {"do": "sh", "command": "echo again"}) == (0, b"again\n", b"")


def test_one_that_left_in_between_is_replaced_unnoticed(relay: Relay, tmp_path: Path) -> None:
    program = psutil.Process(int(ask(tmp_path, *PARENT)[1]))
    program.kill()
    while program.is_running() and program.status() != psutil.STATUS_ZOMBIE:
        time.sleep(0.01)
    assert ask(tmp_path, {"do": "sh", "command": "echo again"}) == (0, b"again\n", b"")


def test_what_is_forgotten_is_begun_anew(relay: Relay, tmp_path: Path) -> None:
    before = ask(tmp_path, *PARENT, key="host\0one"), ask(tmp_path, *PARENT, key="another\0one")
    assert ask(tmp_path, {"do": "forget"}, key="host") == {"forgotten": True}
    after = ask(tmp_path, *PARENT, key="host\0one"), ask(tmp_path, *PARENT, key="another\0one")
    assert after[0] != before[0] and after[1] == before[1]


def test_a_host_that_changed_has_a_fresh_program(relay: Relay, tmp_path: Path) -> None:
    """The interpreter that was started is not the one that is there now."""
    python = tmp_path / "python3"
    shutil.copy(Path(sys.executable).resolve(), python)
    start = f"PYTHONHOME={sys.base_prefix} exec {python}"
    before = ask(tmp_path, *PARENT, start=start)
    assert before[0] == 0 and ask(tmp_path, *PARENT, start=start) == before
    other = tmp_path / "other"
    shutil.copy(python, other)
    other.rename(python)
    after = ask(tmp_path, *PARENT, start=start)
    assert after[0] == 0 and after != before


def test_idle_programs_are_let_go(relay: Relay, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = ask(tmp_path, *PARENT)
    assert ask(tmp_path, *PARENT) == first
    monkeypatch.setattr("opsharden.play.standby.relay._IDLE", 0.0)
    assert ask(tmp_path, *PARENT) != first


def test_a_worker_that_leaves_disturbs_nobody(relay: Relay, tmp_path: Path) -> None:
    with Client(str(tmp_path / "relay"), family="AF_UNIX") as worker:
        worker.send_bytes(b"no json")
    with Client(str(tmp_path / "relay"), family="AF_UNIX"):
        pass
    assert ask(tmp_path, {"do": "sh", "command": "echo here"}) == (0, b"here\n", b"")


def test_closed_it_leaves_no_program(tmp_path: Path) -> None:
    relay = Relay(tmp_path / "relay")
    pid = int(ask(tmp_path, *PARENT)[1])
    relay.close()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    with pytest.raises(OSError, match=r"refused|No such file"):
        ask(tmp_path, *PARENT)
