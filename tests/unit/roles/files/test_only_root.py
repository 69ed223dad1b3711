"""What roles/files makes of files and of the folders above them: run as Ansible runs it, on folders of this test."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.unit.roles.loading import Run, module


@pytest.fixture
def closing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> ModuleType:
    """The module, for whom root is whoever runs this test, and which never leaves its folder."""
    loaded = module("files", "only_root")

    class Closing(loaded.Closing):  # type: ignore[misc,name-defined]  # it is loaded by its path
        def _set(self, path: str, found: os.stat_result, mode: int, owner: int, group: int) -> None:
            if Path(path).is_relative_to(tmp_path / "etc"):
                super()._set(path, found, mode, found.st_uid, found.st_gid)

    monkeypatch.setattr(loaded, "Closing", Closing)
    return loaded


@pytest.fixture
def etc(tmp_path: Path) -> Path:
    folder = tmp_path / "etc"
    (folder / "security").mkdir(parents=True)
    for path in (folder, folder / "security"):
        path.chmod(0o755)
    return folder


def files(etc: Path, *names: str) -> list[dict[str, Any]]:
    return [{"path": str(etc / name), "mode": "0600"} for name in names]


@pytest.mark.parametrize("check", [True, False])
def test_a_folder_above_two_files_is_named_once(closing: ModuleType, etc: Path, run: Run, check: bool) -> None:
    (etc / "security").chmod(0o777)
    for name in ("opasswd", "opasswd.old"):
        (etc / "security" / name).touch(0o600)
    said = run(closing, check, files=files(etc, "security/opasswd", "security/opasswd.old"))
    assert said["changed"] is True
    assert said["opsharden_note"] == [f"{etc / 'security'}: mode 777 to 755."]
    assert stat.S_IMODE((etc / "security").stat().st_mode) == (0o777 if check else 0o755)


def test_what_is_left_is_said_as_what_was_done_is(closing: ModuleType, etc: Path, run: Run) -> None:
    os.mkfifo(etc / "issue", 0o666)
    (etc / "motd").mkdir(0o777)
    (etc / "link").symlink_to("/srv/elsewhere")
    (etc / "open").touch()
    (etc / "open").chmod(0o666)
    said = run(closing, files=files(etc, "issue", "motd", "link", "open"))
    assert said["left"] == [
        f"{etc / 'issue'} is a pipe and was left as it is.",
        f"{etc / 'motd'} is a folder and was left as it is.",
        f"{etc / 'link'} is a link and was left as it is.",
    ]
    assert said["opsharden_note"] == [f"{etc / 'open'}: mode 666 to 600.", *said["left"]]


def test_behind_a_folder_that_is_a_link_nothing_is_changed(closing: ModuleType, etc: Path, run: Run) -> None:
    (etc / "security").rename(etc.parent / "security")
    (etc / "security").symlink_to("../security")
    (etc / "security" / "opasswd").touch()
    (etc / "security" / "opasswd").chmod(0o666)
    said = run(closing, files=files(etc, "security/opasswd", "security/opasswd.old"))
    assert (said["changed"], said["left"]) == (
        False,
        [f"{etc / 'security'} is a link, and nothing behind it was changed."],
    )
