from pathlib import Path

import pytest

from opsharden.ssh import sshconfig


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home and a system of the test's own."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(sshconfig, "_SYSTEM", tmp_path / "system")
    (tmp_path / ".ssh").mkdir()
    (tmp_path / "system").mkdir()
    return tmp_path


def write(home: Path, text: str) -> None:
    (home / ".ssh" / "config").write_text(text)


def lookup(address: str, named: str | None = None) -> dict[str, object]:
    return {name: value for name, value in sshconfig.lookup(address, named).items() if name != "hostname"}


def test_nothing_is_there(home: Path) -> None:
    assert sshconfig.lookup("web1", None) == {"hostname": "web1"}


def test_the_users_file_wins_over_the_systems(home: Path) -> None:
    write(home, "# mine\nHost web*\n  User joe\n")
    (home / "system" / "ssh_config").write_text("Port 2222\nHost *\n  User jim\n")
    assert lookup("web1") == {"user": "joe", "port": "2222"}
    assert lookup("db1") == {"user": "jim", "port": "2222"}


def test_a_named_file_is_the_only_one(home: Path) -> None:
    write(home, "User joe\n")
    (home / "other").write_text("Port 1\n")
    assert lookup("web1", "~/other") == {"port": "1"}
    assert lookup("web1", "none") == {}


def test_includes_are_followed_each_from_its_own_folder(home: Path) -> None:
    write(home, "Include parts/*.conf nowhere\nUser last\n")
    (home / ".ssh" / "parts").mkdir()
    (home / ".ssh" / "parts" / "1.conf").write_text("Host web1\n  User first\n")
    (home / ".ssh" / "parts" / "2.conf").write_text("Port 2\n")
    (home / "system" / "ssh_config").write_text(f"Include {home}/system/more\nInclude here\n")
    (home / "system" / "here").write_text("ConnectTimeout 7\n")
    assert lookup("web1") == {"user": "first", "port": "2", "connecttimeout": "7"}
    assert lookup("db1") == {"user": "last", "port": "2", "connecttimeout": "7"}


def test_an_include_for_some_hosts_is_marked_for_them(home: Path) -> None:
    write(home, "Host web1\n  Include part\nHost db1\n  Include nowhere\n")
    (home / ".ssh" / "part").write_text("User joe\n")
    assert lookup("web1") == {sshconfig.MARK: "an Include inside of a Host"}
    assert lookup("db1") == {}


def test_files_that_include_each_other_are_marked(home: Path) -> None:
    write(home, "Include config\n")
    assert "include each other" in str(lookup("web1")[sshconfig.MARK])


def test_a_match_that_paramiko_can_decide(home: Path) -> None:
    write(home, "Match Host=web* localuser *\n  Port 1\nMatch !originalhost web1\n  Port 2\nMatch all\n  User joe\n")
    assert lookup("web1") == {"port": "1", "user": "joe"}
    assert lookup("db1") == {"port": "2", "user": "joe"}


@pytest.mark.parametrize("criterion", ['exec "exit 1"', "tagged lab", "localnetwork 192.0.2.0/24", '!exec "true"'])
def test_a_match_that_it_cannot_decide_is_marked_for_the_hosts_it_may_be_about(home: Path, criterion: str) -> None:
    write(home, f"Match host web1 {criterion}\n  Port 1\n")
    assert lookup("web1")[sshconfig.MARK] == f"Match {criterion.split(maxsplit=1)[0]}"
    assert lookup("db1") == {}
    write(home, f"Match {criterion} host web1\n  Port 1\n")
    assert sshconfig.MARK in lookup("web1")
    assert lookup("db1") == {}
    write(home, f"Match {criterion}\n  Port 1\n")
    assert sshconfig.MARK in lookup("db1")


def test_nothing_is_run(home: Path) -> None:
    write(home, f'Match exec "touch {home}/ran"\n  Port 1\n')
    lookup("web1")
    assert not (home / "ran").exists()


def test_what_cannot_be_read_is_marked(home: Path) -> None:
    (home / ".ssh" / "config").write_bytes(b"User \xff\n")
    assert sshconfig.MARK in lookup("web1")
    write(home, "Nonsense\n")
    assert "Nonsense" in str(lookup("web1")[sshconfig.MARK])


def test_a_change_is_seen(home: Path) -> None:
    write(home, "Port 1\n")
    assert lookup("web1") == {"port": "1"}
    write(home, "Port 2\n")
    assert lookup("web1") == {"port": "2"}
