"""Files that not even root can close, made for real: check and module each say so, and agree on which they are."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from testinfra import get_host

from opsharden.probe.reading.guarded import Guarded
from opsharden.probe.reading.places import place
from tests.unit.roles.loading import module

UNDO = {"chattr": ("chattr", "-ia"), "mount": ("umount",)}


def tried(*words: str) -> None:
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"{words[0]} is not for this account, or not for this file system: {done.stderr.strip()}")


@pytest.fixture(params=["chattr +i", "chattr +a", "mount -o bind,ro"])
def stuck(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """A file that is open too wide, and what keeps it so."""
    path = tmp_path / "folder" / "open"
    path.parent.mkdir()
    path.touch()
    path.chmod(0o666)
    program, *options = request.param.split()
    if not shutil.which(program):
        pytest.skip(f"there is no {program} here")
    target = path if program == "chattr" else path.parent
    try:
        if program == "mount":
            tried("mount", "--bind", str(target), str(target))
            tried("mount", "-o", "remount,bind,ro", str(target))
        else:
            tried(program, *options, str(target))
        yield path, request.param
    finally:
        subprocess.run([*UNDO[program], str(target)], capture_output=True, check=False)


SAID = {
    "chattr +i": ("is immutable, so apply cannot close it: `chattr -i", "is immutable, or kept from all but growing"),
    "chattr +a": ("is kept from all but growing, so apply cannot", "is immutable, or kept from all but growing"),
    "mount -o bind,ro": (
        "which is mounted read-only, so apply cannot",
        "is on a file system that is mounted read-only",
    ),
}


def test_the_check_and_the_module_both_say_why(stuck: tuple[Path, str]) -> None:
    path, how = stuck
    by_check, by_module = SAID[how]
    found = Guarded(get_host("local://"), [place(str(path), {"mode": {"at_most": "0600"}})]).amiss()
    (finding,) = [each for each in found if each.what == str(path)]
    assert by_check in finding.by_hand

    for dry in (True, False):
        left(path, by_module, dry=dry)


def left(path: Path, by_module: str, *, dry: bool) -> None:
    """The module leaves it, and says so beforehand, too."""
    closing = module("kinds", "file_access").Closing()
    closing.control({str(path): {"mode": {"at_most": "0600"}}})
    # The folders above are this machine's own.
    closing.todo = {each: plan for each, plan in closing.todo.items() if each == str(path)}
    closing.bring_about(dry=dry)
    assert (closing.done, len(closing.left)) == ([], 1)
    assert by_module in closing.left[0]
    assert path.stat().st_mode & 0o777 == 0o666
