"""The backup client of the role `backup`, as a program of its own."""

from __future__ import annotations

import os
import runpy
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

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


@pytest.mark.parametrize(
    ("path", "pattern"),
    [
        ("/srv/plain path", "/srv/plain path"),
        ("/srv/a[b]c", r"/srv/a\[b\]c"),
        ("/srv/x*y?", r"/srv/x\*y\?"),
        ("/srv/back\\slash", r"/srv/back\\slash"),
        ("/srv/new\nline", "/srv/new\nline"),
    ],
)
def test_a_path_to_restore_stands_for_itself_alone(path: str, pattern: str) -> None:
    literal = runpy.run_path(str(CLIENT))["literal"]
    assert literal(path) == pattern


def test_the_pattern_is_one_that_restic_takes_for_the_path(tmp_path: Path) -> None:
    """With restic itself, where this machine has it: of two paths that a pattern would match, one comes back."""
    if shutil.which("restic") is None:
        pytest.skip("there is no restic here")
    home = tmp_path / "home"
    for name in ("a[bc]*", "ab", "ac1"):
        (home / name).mkdir(parents=True)
        (home / name / "file").write_text(name)
    environment = {**os.environ, "RESTIC_PASSWORD": "of-a-test", "RESTIC_REPOSITORY": str(tmp_path / "repo")}
    literal = runpy.run_path(str(CLIENT))["literal"]
    for words in (
        ["init"],
        ["backup", str(home)],
        ["restore", "latest", f"--target={tmp_path / 'back'}", f"--include={literal(str(home / 'a[bc]*'))}"],
    ):
        subprocess.run(["restic", "--quiet", "--no-cache", *words], env=environment, check=True, timeout=60)
    assert [path.read_text() for path in (tmp_path / "back").rglob("file")] == ["a[bc]*"]
