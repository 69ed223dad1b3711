from __future__ import annotations

import os
from pathlib import Path

import pytest

from opsharden import settings, trust
from opsharden.errors import SettingsError


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("checks", "keys", ".opsharden"):
        (tmp_path / name).mkdir()
    (tmp_path / "checks" / "test_a.py").write_text("")
    (tmp_path / "opsharden.toml").write_text('checks = ["checks"]\n')
    (tmp_path / "known_hosts").write_text("")
    monkeypatch.delenv("SUDO_UID", raising=False)
    return tmp_path


def test_a_folder_of_ones_own_is_believed(project: Path) -> None:
    assert settings.load(project).checks == (project / "checks",)


@pytest.mark.parametrize(
    "path", [".", "opsharden.toml", "known_hosts", "keys", ".opsharden", "checks", "checks/test_a.py"]
)
def test_what_everybody_can_write_is_not(project: Path, path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    (project / path).chmod(0o777)
    with pytest.raises(SettingsError, match=f"{project / path} can be written by everybody"):
        settings.load(project)
    monkeypatch.setenv(trust.VARIABLE, str(project))
    assert settings.load(project).project == project


def test_a_sticky_folder_is_one_that_everybody_can_write(project: Path) -> None:
    project.chmod(0o1777)
    with pytest.raises(SettingsError, match="can be written by everybody"):
        settings.load(project)


def test_a_folder_that_everybody_can_move_away_is_not(project: Path) -> None:
    inner = project / "open" / "project"
    inner.mkdir(parents=True)
    inner.parent.chmod(0o777)
    with pytest.raises(SettingsError, match=f"{inner.parent} can be written by everybody"):
        settings.load(inner)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
@pytest.mark.parametrize("path", [".", "opsharden.toml", "keys", ".opsharden", "checks", "checks/test_a.py"])
def test_root_believes_root_and_who_called_sudo(project: Path, path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    os.chown(project / path, 4711, 4711)
    with pytest.raises(SettingsError, match="belongs to uid 4711, and we are root"):
        settings.load(project)
    monkeypatch.setenv("SUDO_UID", "4711")
    assert settings.load(project).project == project


def test_a_group_that_can_write_is_somebodys_choice(project: Path) -> None:
    project.chmod(0o775)
    assert settings.load(project).project == project


@pytest.mark.parametrize("path", ["inv", "inv/hosts", "inv/group_vars", "vaulted/password", "vaulted"])
def test_what_the_settings_name_may_be_a_program(project: Path, path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for folder in ("inv/group_vars", "vaulted"):
        (project / folder).mkdir(parents=True)
    (project / "inv" / "hosts").write_text("a\n")
    (project / "vaulted" / "password").write_text("x\n")
    text = 'inventory = ["inv", "a,b"]\nvault_identity_list = ["dev@vaulted/password", "prod@prompt"]\n'
    (project / "opsharden.toml").write_text(text)
    assert settings.load(project).project == project
    (project / path).chmod(0o777)
    with pytest.raises(SettingsError, match=f"{project / path} can be written by everybody"):
        settings.load(project)
    # What is named on the command line is the user's choice.
    if path.startswith("inv"):
        assert settings.load(project, {"inventory": [str(project / "inv")]}).project == project


def test_the_folder_may_be_named_by_a_link_to_it(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project.chmod(0o777)
    (project / "link").symlink_to(project)
    monkeypatch.setenv(trust.VARIABLE, f"{project}/link/")
    assert settings.load(project).project == project


def test_a_folder_that_is_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    with pytest.raises(SettingsError, match="is gone"):
        settings.load()
