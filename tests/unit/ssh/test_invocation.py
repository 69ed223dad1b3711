import subprocess
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from opsharden.errors import Unreachable
from opsharden.model import Host
from opsharden.ssh.invocation import invocation, known_files

HOST = Host("web1", "192.0.2.1", user="opsharden", key_file=Path("/keys/o%e a"), port=2022)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of its own."""
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".ssh").mkdir()
    return tmp_path


def effective(host: Host, known_hosts: list[Path], first: Mapping[str, str] | None = None) -> dict[str, str]:
    """What the real ssh makes of it."""
    with invocation(host, known_hosts, 7.5, first) as words:
        done = subprocess.run([words[0], "-G", *words[1:]], capture_output=True, text=True, check=True)
    return dict(line.partition(" ")[::2] for line in reversed(done.stdout.splitlines()))


STRICT = {
    "batchmode": "yes",
    "stricthostkeychecking": "true",
    "userknownhostsfile": "/known hosts /more",
    "globalknownhostsfile": "none",
    "updatehostkeys": "false",
    "nohostauthenticationforlocalhost": "no",
    "verifyhostkeydns": "false",
    "connecttimeout": "8",
    "serveraliveinterval": "15",
    "serveralivecountmax": "3",
    "controlmaster": "false",
    "controlpersist": "no",
    "requesttty": "false",
}


def test_ours_comes_first_then_the_inventory_then_the_arguments() -> None:
    lax = "-o StrictHostKeyChecking=no -o BatchMode=no -o UserKnownHostsFile=none -o GlobalKnownHostsFile=/g -tt -q"
    more = "-o ControlMaster=yes -o ControlPersist=60 -S /a -p 1 -l joe -o ConnectTimeout=0 -o Ciphers=aes128-ctr"
    found = effective(replace(HOST, ssh_args=f"{lax} {more}"), [Path("/known hosts"), Path("/more")])
    assert {name: found[name] for name in STRICT} == STRICT
    assert "controlpath" not in found
    assert (found["hostname"], found["port"], found["user"]) == ("192.0.2.1", "2022", "opsharden")
    assert (found["identityfile"], found["identitiesonly"]) == ("/keys/o%%e a", "yes")
    assert found["ciphers"] == "aes128-ctr"


def test_the_users_ssh_config_counts_where_nothing_else_says_it(home: Path) -> None:
    (home / ".ssh" / "config").write_text("StrictHostKeyChecking no\nPort 23\nUser joe\nCompression yes\n")
    host = replace(HOST, user=None, port=22, key_file=None)
    found = effective(host, [Path("/k")])
    assert (found["port"], found["user"], found["compression"]) == ("23", "joe", "yes")
    assert found["stricthostkeychecking"] == "true"
    (home / "other").write_text("Port 24\n")
    assert effective(replace(host, ssh_args=f"-F {home / 'other'}"), [])["port"] == "24"
    assert effective(replace(host, ssh_args="-F none"), [])["port"] == "22"


def test_a_jump_host_is_given_the_same_conditions(home: Path) -> None:
    (home / ".ssh" / "config").write_text("StrictHostKeyChecking no\nUserKnownHostsFile /dev/null\nUser joe\n")
    with invocation(replace(HOST, ssh_args="-J hub"), [Path("/known hosts"), Path("/more")], 7.5) as words:
        file = words[words.index("-F") + 1]
        # What ssh starts for a jump host is `ssh -F file -W host:port hub`.
        done = subprocess.run(["ssh", "-G", "-F", file, "hub"], capture_output=True, text=True, check=True)
    found = dict(line.partition(" ")[::2] for line in done.stdout.splitlines())
    expected = {**STRICT, "userknownhostsfile": "/dev/null /known hosts /more"}
    assert {name: found[name] for name in STRICT} == expected
    assert found["user"] == "joe"
    assert not Path(file).exists()


def test_files_that_the_user_names_come_before_ours(home: Path) -> None:
    named = replace(HOST, ssh_args="-o 'UserKnownHostsFile=\"/a b\" /c'")
    assert known_files(named, [Path("/d%")]) == ["/a b", "/c", "/d%%"]
    assert effective(named, [Path("/d%")])["userknownhostsfile"] == "/a b /c /d%"
    (home / ".ssh" / "config").write_text("Host 192.0.2.1\n  UserKnownHostsFile /e\n")
    assert known_files(HOST, []) == ["/e"]


def test_what_goes_before_even_ours() -> None:
    found = effective(HOST, [], {"StrictHostKeyChecking": "accept-new"})
    assert (found["stricthostkeychecking"], found["batchmode"]) == ("accept-new", "yes")


def test_a_program_of_the_users_own() -> None:
    for client, program in (("auto", "ssh"), ("openssh", "ssh"), ("/opt/ssh", "/opt/ssh")):
        with invocation(replace(HOST, ssh_client=client), [], 1) as words:
            assert words[0] == program


def test_an_address_is_never_a_flag() -> None:
    with invocation(replace(HOST, address="-oProxyCommand=false"), [], 1) as words:
        assert words[-2:] == ["--", "-oProxyCommand=false"]


def test_a_path_that_cannot_be_written_down() -> None:
    with pytest.raises(Unreachable, match="cannot be given the path"), invocation(HOST, [Path('/a"b')], 1):
        pass
