"""What stands where a file is looked for, with find and grep themselves: none but files are opened."""

from __future__ import annotations

import os
import socket
import subprocess
from pathlib import Path
from types import SimpleNamespace

import pytest

from opsharden.errors import Unanswered
from opsharden.probe.reading.found import WHAT, Found, looked
from opsharden.probe.shell.readonly import is_read_only


def question(folder: Path) -> str:
    return rf"find -L {folder} {folder}/none -maxdepth 1 {WHAT} -type f -exec grep -aHnE 'a|b' {{}} +"


def asked(folder: Path) -> Found:
    # Opening a pipe that nobody writes into would wait until the time is over.
    said = subprocess.run(
        question(folder), shell=True, capture_output=True, text=True, timeout=10, check=False, env={"LC_ALL": "C.UTF-8"}
    )
    return looked(SimpleNamespace(rc=said.returncode, stdout=said.stdout, stderr=said.stderr), "What is there")


def test_every_kind_is_named_and_files_alone_are_read(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("a\nx\nb: c\n")
    (tmp_path / "file").chmod(0o640)
    (tmp_path / "empty").touch()
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    for name, target in {"to a pipe": "pipe", "to a file": "file", "nowhere": "none", "masked": "/dev/null"}.items():
        (tmp_path / name).symlink_to(target)
    (tmp_path / "itself").symlink_to("itself")
    (tmp_path / "device").symlink_to("/dev/zero")
    server = socket.socket(socket.AF_UNIX)
    server.bind(str(tmp_path / "socket"))
    found = asked(tmp_path)
    server.close()
    odd = {Path(path).name: found.odd(path) for path in found.kinds if path != str(tmp_path)}
    assert odd == {
        "file": "",
        "to a file": "",
        "empty": "",
        "nowhere": "",
        "masked": "",
        "folder": "a folder",
        "pipe": "a pipe",
        "to a pipe": "a pipe",
        "socket": "a socket",
        "device": "a device",
    }
    assert found.lines == {f"{tmp_path}/{name}": ((1, "a"), (3, "b: c")) for name in ("file", "to a file")}
    assert found.odd(f"{tmp_path}/none") == ""
    assert found.modes[f"{tmp_path}/to a file"] == 0o640


@pytest.mark.parametrize(
    ("rc", "stderr"),
    [
        (126, "sh: 1: find: Permission denied"),
        (1, "find: '/etc/x': Permission denied"),
        (1, "find: 'grep': Argument list too long"),
        (2, ""),
    ],
)
def test_who_could_not_look_says_so(rc: int, stderr: str) -> None:
    with pytest.raises(Unanswered, match="What is there cannot be seen"):
        looked(SimpleNamespace(rc=rc, stdout="", stderr=stderr), "What is there")


def test_it_may_be_asked_ahead() -> None:
    assert is_read_only(rf"find -L /etc/issue /etc/motd.d -maxdepth 1 {WHAT} -type f -exec grep -aHn '' {{}} +")
