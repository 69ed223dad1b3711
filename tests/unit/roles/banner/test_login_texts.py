"""What roles/banner makes of texts and scripts: run as Ansible runs it, on folders of this test."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Any

import pytest

from tests.unit.roles.loading import Run, module

TEXT = "Go away.\n"


@pytest.fixture
def play(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: Run) -> Run:
    """Run it on a folder etc with the texts in it; what it says."""
    texts, etc = module("banner", "login_texts"), tmp_path / "etc"
    (etc / "update-motd.d").mkdir(parents=True)
    monkeypatch.setattr(texts, "_ETC", str(etc))
    paths = [str(etc / name) for name in ("issue", "motd")]

    def play(check: bool = False) -> dict[str, Any]:
        return run(texts, check, text=TEXT, paths=paths, scripts=str(etc / "update-motd.d"), telltale="uname")

    return play


def script(folder: Path, name: str) -> Path:
    path = folder / name
    path.write_text("#!/bin/sh\nuname -r\n")
    path.chmod(0o755)
    return path


@pytest.mark.parametrize("through_a_link", [False, True])
def test_no_text_is_put_in_the_place_of_a_pipe_or_a_folder(tmp_path: Path, play: Run, through_a_link: bool) -> None:
    etc = tmp_path / "etc"
    home = tmp_path if through_a_link else etc
    (home / "motd").mkdir()
    os.mkfifo(home / "issue")
    if through_a_link:
        (etc / "motd").symlink_to(home / "motd")
        (etc / "issue").symlink_to(home / "issue")
    for check in (True, False):
        said = play(check)
        assert said["changed"] is False
        assert said["left"] == said["opsharden_note"]
        assert said["left"] == [
            f"{etc / 'issue'} is a pipe and was left as it is.",
            f"{etc / 'motd'} is a folder and was left as it is.",
        ]
    assert stat.S_ISFIFO((etc / "issue").stat().st_mode)
    assert (etc / "motd").is_dir()


def test_the_others_get_the_text_whatever_one_of_them_is(tmp_path: Path, play: Run) -> None:
    etc = tmp_path / "etc"
    (etc / "motd").mkdir()
    (etc / "issue").symlink_to("/dev/null")
    said = play()
    assert said["changed"] is True
    assert said["opsharden_note"] == [f"{etc / 'issue'} shows the warning.", *said["left"]]
    assert (etc / "issue").read_text() == TEXT
    assert not (etc / "issue").is_symlink()
    assert play()["changed"] is False


def test_scripts_behind_a_link_out_of_etc_are_left_and_named(tmp_path: Path, play: Run) -> None:
    etc = tmp_path / "etc"
    (etc / "update-motd.d").rmdir()
    (tmp_path / "elsewhere").mkdir()
    theirs = script(tmp_path / "elsewhere", "10-uname")
    (etc / "update-motd.d").symlink_to(tmp_path / "elsewhere")
    said = play()
    assert stat.S_IMODE(theirs.stat().st_mode) == 0o755
    assert [f"{etc / 'update-motd.d' / '10-uname'} gives the system away" in each for each in said["left"]] == [True]


def test_scripts_behind_a_link_within_etc_are_switched_off(tmp_path: Path, play: Run) -> None:
    etc = tmp_path / "etc"
    (etc / "update-motd.d").rename(etc / "scripts")
    (etc / "update-motd.d").symlink_to("scripts")
    ours = script(etc / "scripts", "10-uname")
    assert play()["left"] == []
    assert stat.S_IMODE(ours.stat().st_mode) == 0o644


def test_what_nobody_runs_stays_as_it_is(tmp_path: Path, play: Run) -> None:
    aside = script(tmp_path / "etc" / "update-motd.d", "10-uname.dpkg-old")
    play()
    assert stat.S_IMODE(aside.stat().st_mode) == 0o755


def test_a_new_text_is_for_all_to_read_whatever_the_mask_is(tmp_path: Path, play: Run) -> None:
    before = os.umask(0o077)
    play()
    os.umask(before)
    assert stat.S_IMODE((tmp_path / "etc" / "issue").stat().st_mode) == 0o644
