import subprocess
import sys
import time
from pathlib import Path

import pytest

from opsharden.inventory.bounded import TooLong, bounded


def alive(process: subprocess.Popen[bytes]) -> bool:
    return Path(f"/proc/{process.pid}").exists()


SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]


def test_what_takes_too_long_is_ended_with_what_it_started() -> None:
    before = subprocess.Popen(SLEEP)
    told: list[str] = []
    started: list[subprocess.Popen[bytes]] = []
    with pytest.raises(TooLong), bounded(0.2, told.append):
        started.append(subprocess.Popen(SLEEP))
        started[0].wait()
    assert not alive(started[0])
    assert before.poll() is None, "what ran before is none of its business"
    before.kill()
    before.wait()


def test_what_fails_leaves_nothing_behind() -> None:
    with pytest.raises(KeyboardInterrupt), bounded(60, lambda names: None):
        process = subprocess.Popen(SLEEP)
        raise KeyboardInterrupt
    assert not alive(process)


def test_what_ends_in_time_is_let_be() -> None:
    with bounded(0.05, lambda names: None):
        process = subprocess.Popen(SLEEP)
    time.sleep(0.1)
    assert process.poll() is None
    process.kill()
    process.wait()
