from __future__ import annotations

from pathlib import Path

import pytest

from opsharden import settings
from opsharden.errors import SettingsError


def write(project: Path, text: str) -> None:
    (project / settings.FILE).write_text(text, encoding="utf-8")


def test_a_flag_wins_over_the_environment_which_wins_over_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, "forks = 3\nconnect_timeout = 4\ncommand_timeout = 5\n")
    monkeypatch.setenv("OPSHARDEN_FORKS", "30")
    monkeypatch.setenv("OPSHARDEN_CONNECT_TIMEOUT", "40")
    here, sources = settings.effective(tmp_path, {"forks": 300})
    assert (here.forks, here.connect_timeout, here.command_timeout) == (300, 40, 5)
    assert [sources[name] for name in ("forks", "connect_timeout", "command_timeout", "host_timeout")] == [
        "flag",
        "environment",
        "file",
        "default",
    ]


def test_paths_in_the_file_are_relative_to_it_and_in_a_flag_to_where_the_user_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = tmp_path / "project"
    project.mkdir()
    monkeypatch.chdir(tmp_path)
    write(project, 'inventory = ["hosts.yml", "a,b"]\nroles = ["roles"]\n')
    here = settings.load(project)
    assert here.inventory == (str(project / "hosts.yml"), "a,b")
    assert here.roles == (project / "roles",)
    assert settings.load(project, {"inventory": ["hosts.yml"]}).inventory == (str(tmp_path / "hosts.yml"),)


@pytest.mark.parametrize("layer", ["default", "file", "environment", "flag"])
def test_every_path_is_absolute_wherever_it_comes_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, layer: str
) -> None:
    monkeypatch.chdir(tmp_path)
    project = tmp_path / "project"
    project.mkdir()
    paths = {name for name, field in settings.Settings.model_fields.items() if "Path" in str(field.annotation)}
    assert {"known_hosts", "roles", "vault_password_file"} <= paths
    flags = dict.fromkeys(paths - {"project"}, "here")
    if layer == "file":
        write(project, "".join(f'{name} = "here"\n' for name in flags))
    for name in flags if layer == "environment" else ():
        monkeypatch.setenv(f"OPSHARDEN_{name.upper()}", "here")
    loaded = settings.load(project, flags if layer == "flag" else None)
    found = {name: getattr(loaded, name) for name in paths}
    each = [path for value in found.values() for path in (value if isinstance(value, tuple) else (value,)) if path]
    assert all(path.is_absolute() for path in each)
    where = {"file": project / "here", "environment": tmp_path / "here", "flag": tmp_path / "here"}
    if layer in where:
        assert found["known_hosts"] == where[layer]
        assert found["roles"] == (where[layer],)


def test_the_database_is_in_the_project_unless_it_is_a_url(tmp_path: Path) -> None:
    assert settings.load(tmp_path).database == str(tmp_path / ".opsharden/evidence.db")
    url = "postgresql+psycopg://db/evidence"
    assert settings.load(tmp_path, {"database": url}).database == url


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("forks = 0\n", "forks (file)"),
        ("database = 3\n", "database (file)"),
        ("keys = true\n", "keys (file)"),
        ("known_hosts = ['a', 'b']\n", "known_hosts (file)"),
        ("inventory = 3\n", "inventory (file)"),
        ("forkz = 3\n", "forkz"),
        ("forks = \n", "not valid TOML"),
    ],
)
def test_a_wrong_setting_is_named_with_its_source(tmp_path: Path, text: str, said: str) -> None:
    write(tmp_path, text)
    with pytest.raises(SettingsError) as caught:
        settings.load(tmp_path)
    assert said in caught.value.message
    assert caught.value.exit_code == 2
