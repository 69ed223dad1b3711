from __future__ import annotations

import fcntl
import os
from pathlib import Path

import pytest

from opsharden.play import private as private_module
from opsharden.play.private import CONTROL, PREFIX, clear_stale, private_folder


@pytest.fixture(autouse=True)
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(private_module, "_root", lambda: tmp_path)
    return tmp_path


def test_it_is_its_owners_alone_and_gone_afterwards(root: Path) -> None:
    with private_folder() as private:
        assert private.path.stat().st_mode & 0o777 == 0o700
        assert private.write("deep/down", "x").stat().st_mode & 0o777 == 0o600
        assert list(root.iterdir()) == [private.path]
    assert list(root.iterdir()) == []


def test_it_is_gone_after_an_error_too(root: Path) -> None:
    with pytest.raises(RuntimeError), private_folder():
        raise RuntimeError
    assert list(root.iterdir()) == []


def test_a_stale_one_is_cleared_and_one_in_use_is_not(root: Path) -> None:
    stale = root / f"{PREFIX}stale"
    (stale / "sealed").mkdir(parents=True)
    with private_folder() as private:
        assert not stale.exists()
        clear_stale()
        assert private.path.exists()


def test_others_folders_and_links_are_left_alone(root: Path) -> None:
    elsewhere = root / "elsewhere"
    elsewhere.mkdir()
    (root / f"{PREFIX}link").symlink_to(elsewhere)
    (root / f"{PREFIX}file").touch()
    clear_stale()
    assert elsewhere.exists()
    assert (root / f"{PREFIX}file").exists()


def test_the_lock_holds_while_an_heir_has_it(root: Path) -> None:
    with private_folder() as private:
        heir = os.dup(private.lock)
        other = os.open(private.path, os.O_RDONLY)
        try:
            with pytest.raises(BlockingIOError):
                fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
        finally:
            os.close(other)
            os.close(heir)


def test_control_sockets_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    with private_folder() as private:
        # Ansible's names have 10 characters, and ssh adds 17 of its own while it binds.
        assert len(str(private.path / CONTROL / ("x" * 27)).encode()) < 108
