from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from opsharden.play.environment import MARK
from opsharden.play.processes import close_masters, end, marked

STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(flush=True); time.sleep(300)"


@contextmanager
def started(*command: str, folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(command, env={**os.environ, MARK: str(folder)}, stdout=subprocess.PIPE)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def test_the_marked_are_found_and_no_others(tmp_path: Path) -> None:
    with started("sleep", "300", folder=tmp_path) as ours, started("sleep", "300", folder=tmp_path / "other"):
        assert [process.pid for process in marked(tmp_path)] == [ours.pid]


def test_a_process_in_a_session_of_its_own_is_found(tmp_path: Path) -> None:
    with started("setsid", "--wait", "sleep", "300", folder=tmp_path) as ours:
        end(lambda: marked(tmp_path))
        assert marked(tmp_path) == []
        ours.wait()


def test_who_does_not_listen_is_killed(tmp_path: Path) -> None:
    with started(sys.executable, "-c", STUBBORN, folder=tmp_path) as ours:
        assert ours.stdout is not None
        ours.stdout.readline()
        end(lambda: [p for p in marked(tmp_path) if p.is_running()], grace=0.3)
        assert ours.wait() == -signal.SIGKILL


def test_who_listens_is_asked_only(tmp_path: Path) -> None:
    with started("sleep", "300", folder=tmp_path) as ours:
        end(lambda: marked(tmp_path))
        assert ours.wait() == -signal.SIGTERM


def test_one_that_is_gone_is_no_trouble() -> None:
    gone = subprocess.Popen(["true"])
    process = psutil.Process(gone.pid)
    gone.wait()
    answers = iter([[process], []])
    end(lambda: next(answers))


def test_no_sockets_no_masters(tmp_path: Path) -> None:
    close_masters(tmp_path / "none")
    (tmp_path / "file").touch()
    close_masters(tmp_path)


def test_who_was_looked_for_too_long_is_killed_all_the_same(tmp_path: Path) -> None:
    """As on a machine under load, where one look takes longer than all the time there is."""
    with started(sys.executable, "-c", STUBBORN, folder=tmp_path) as ours:
        assert ours.stdout is not None
        ours.stdout.readline()

        def slowly() -> list[psutil.Process]:
            time.sleep(0.3)
            return [process for process in [psutil.Process(ours.pid)] if process.status() != psutil.STATUS_ZOMBIE]

        end(slowly, grace=0.1)
        assert ours.wait(timeout=60) == -signal.SIGKILL
