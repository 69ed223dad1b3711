import os
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from opsharden.errors import OpshardenError, Unreachable
from opsharden.ssh import hostkeys
from opsharden.ssh.hostkeys import HostKey
from opsharden.ssh.knownhosts import certified, known

KEYS = [HostKey("ssh-ed25519", "AAAAb25l"), HostKey("ssh-ed25519", "AAAAdHdv"), HostKey("ssh-rsa", "AAAAdGhyZWU=")]


@pytest.fixture
def keys() -> list[HostKey]:
    """Two of one type and one of another; what is in them does not matter here."""
    return KEYS


@pytest.mark.parametrize(
    ("names", "name", "found"),
    [
        ("web1", "web1", True),
        ("Web1.Example.org", "web1.example.ORG", True),
        ("web1,192.0.2.1", "192.0.2.1", True),
        ("*.example.org", "web1.example.org", True),
        ("*.example.org,!web1.example.org", "web1.example.org", False),
        ("192.0.2.?", "192.0.2.12", False),
        ("[192.0.2.1]:2222", "[192.0.2.1]:2222", True),
        ("[192.0.2.1]:2222", "192.0.2.1", False),
        ("192.0.2.1", "[192.0.2.1]:2222", False),
        ("192a0b2c1", "192.0.2.1", False),
    ],
)
def test_names_match_as_in_ssh(names: str, name: str, found: bool, keys: list[HostKey], tmp_path: Path) -> None:
    file = tmp_path / "known_hosts"
    file.write_text(f"# a comment\n\n{names} {keys[0].type} {keys[0].blob} a comment\n")
    assert bool(known([file], name)) is found


@pytest.mark.parametrize("name", ["web1", "[192.0.2.1]:2222"])
def test_names_hashed_by_ssh_keygen_match(name: str, keys: list[HostKey], tmp_path: Path) -> None:
    file = tmp_path / "known_hosts"
    hostkeys.pin(file, name, keys[0])
    hostkeys.pin(file, "other", keys[1])
    subprocess.run(["ssh-keygen", "-H", "-f", file], check=True, capture_output=True)
    assert name not in file.read_text()
    assert [entry.key for entry in known([file], name)] == [keys[0]]


def test_all_files_count_and_say_where(keys: list[HostKey], tmp_path: Path) -> None:
    first, second = tmp_path / "a", tmp_path / "b"
    hostkeys.pin(first, "web1", keys[0])
    hostkeys.pin(second, "other", keys[1])
    hostkeys.pin(second, "web1", keys[2])
    found = known([tmp_path / "none", first, second], "web1")
    assert [entry.where for entry in found] == [f"{first} line 1", f"{second} line 2"]


def test_an_authority_pins_nothing(keys: list[HostKey], tmp_path: Path) -> None:
    file = tmp_path / "known_hosts"
    file.write_text(f"@cert-authority * {keys[0].type} {keys[0].blob}\n")
    assert known([file], "web1") == ()


def test_garbage_pins_nothing_and_harms_nothing(keys: list[HostKey], tmp_path: Path) -> None:
    file = tmp_path / "known_hosts"
    file.write_bytes(b"web1\nweb1 ssh-ed25519\n|1|x|y ssh-ed25519 AAAA\n\xff\xfe\nweb1 ssh-ed25519 A\n")
    hostkeys.pin(file, "web1", keys[0])
    pinned = known([file], "web1")
    hostkeys.check("web1", keys[0], pinned)
    with pytest.raises(Unreachable, match="has changed"):
        hostkeys.check("web1", keys[1], pinned)


def test_a_file_that_cannot_be_read_is_an_error_not_an_empty_file(tmp_path: Path) -> None:
    with pytest.raises(OpshardenError, match="cannot be read"):
        known([tmp_path], "web1")


def test_the_lines_of_a_host_keep_their_order(keys: list[HostKey], tmp_path: Path) -> None:
    file = tmp_path / "known_hosts"
    lines = [f"web1,web1 {keys[0].type} {keys[0].blob}", f"web* {keys[1].type} {keys[1].blob}"]
    file.write_text("\n".join([*lines, f"web1 {keys[2].type} {keys[2].blob}", ""]))
    assert [entry.where for entry in known([file], "web1")] == [f"{file} line {number}" for number in (1, 2, 3)]


def test_a_change_is_seen(keys: list[HostKey], tmp_path: Path) -> None:
    file = tmp_path / "known_hosts"
    assert known([file], "web1") == ()
    hostkeys.pin(file, "web1", keys[0])
    assert [entry.key for entry in known([file], "web1")] == [keys[0]]
    hostkeys.pin(file, "web1", keys[1])
    assert [entry.key for entry in known([file], "web1")] == keys[:2]
    new = tmp_path / "new"
    new.write_text(f"web1 {keys[1].type} {keys[1].blob}\nweb1 {keys[0].type} {keys[0].blob}\n")
    os.utime(new, ns=(file.stat().st_atime_ns, file.stat().st_mtime_ns))
    new.replace(file)
    assert [entry.key for entry in known([file], "web1")] == [keys[1], keys[0]]
    file.unlink()
    assert known([file], "web1") == ()


def test_many_can_look_while_many_pin(keys: list[HostKey], tmp_path: Path) -> None:
    file = tmp_path / "known_hosts"

    def first(number: int) -> bool:
        hostkeys.pin(file, f"h{number}", keys[0])
        return [entry.key for entry in known([file], f"h{number}")] == [keys[0]]

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(first, range(200)))


def test_an_authority_is_no_key_of_a_host(tmp_path: Path) -> None:
    path = tmp_path / "known_hosts"
    path.write_text(f"@cert-authority *.example.org ssh-ed25519 {'A' * 68}\nweb.example.org ssh-ed25519 {'B' * 68}\n")
    assert [each.key.blob[0] for each in known([path], "web.example.org")] == ["B"]
    assert certified([path], "WEB.example.org")
    assert not certified([path], "example.com")
    assert not certified([tmp_path / "gone"], "web.example.org")
