"""Inventory programs that never end."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from tests.acceptance.inventories.asking import called


def test_a_script_that_hangs_is_told_of_and_ended(tmp_path: Path) -> None:
    (tmp_path / "h").write_text("#!/bin/sh\necho $$ > pid\nsleep 300 &\nwait\n")
    (tmp_path / "h").chmod(0o755)
    done = called(tmp_path, {}, "verify", "-i", "h", OPSHARDEN_INVENTORY_TIMEOUT="6")
    assert done.returncode == 2
    assert "Still waiting for the inventory: h, sleep" in done.stderr
    assert "not read within 6 seconds" in done.stderr
    _gone(tmp_path)


def test_a_script_that_hangs_is_ended_with_us(tmp_path: Path) -> None:
    (tmp_path / "h").write_text("#!/bin/sh\necho $$ > pid\nsleep 300\n")
    (tmp_path / "h").chmod(0o755)
    words = [sys.executable, "-m", "opsharden", "verify", "-i", "h"]
    process = subprocess.Popen(words, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    _until((tmp_path / "pid").exists)
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=20)
    assert process.returncode == 130
    _gone(tmp_path)


def _gone(folder: Path) -> None:
    pid = int((folder / "pid").read_text())
    _until(lambda: not Path(f"/proc/{pid}").exists())


def _until(holds: Callable[[], bool], seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.05)
