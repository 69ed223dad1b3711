"""The backup client of the role `backup`, as a program of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from opsharden.catalogue import roles_path

CLIENT = roles_path() / "backup" / "templates" / "opsharden_backup.py"

# restic 0.14 as it behaves: it is gone, and the ssh it started is not yet.
LEAVES_ONE_BEHIND = """
import pathlib, runpy, subprocess, sys
client = runpy.run_path(sys.argv[1])
client["alone"].__wrapped__.__globals__["STATE"] = pathlib.Path(sys.argv[2])
with client["alone"]():
    left = f"( sleep 0.5; echo gone > {sys.argv[2]}/left ) &"
    subprocess.run(["sh", "-c", left], check=True, stdout=subprocess.DEVNULL)
print((pathlib.Path(sys.argv[2]) / "left").read_text(), end="")
"""


def test_it_ends_after_all_that_it_started(tmp_path: Path) -> None:
    words = [sys.executable, "-c", LEAVES_ONE_BEHIND, str(CLIENT), str(tmp_path)]
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=20)
    assert (done.returncode, done.stdout) == (0, "gone\n"), done.stderr
