"""What may stand where a file is to be written."""

from __future__ import annotations

import os
from pathlib import Path

from tests.unit.roles.loading import Run, module

PLACE_FOR = module("kinds", "place_for")


def test_files_nothing_and_links_to_nothing_are_no_matter(run: Run, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "null").symlink_to("/dev/null")
    (tmp_path / "dangling").symlink_to(tmp_path / "gone")
    files = [str(tmp_path / name) for name in ("file", "null", "dangling", "gone")]
    assert run(PLACE_FOR, files=files)["changed"] is False


def test_a_pipe_and_a_folder_are_named(run: Run, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to("folder")
    words = run(PLACE_FOR, files=[str(tmp_path / name) for name in ("pipe", "folder", "link")])["msg"]
    assert words.startswith(
        f"{tmp_path}/pipe is a pipe; {tmp_path}/folder is a folder; {tmp_path}/link is a folder, where"
    )
