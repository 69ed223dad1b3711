import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from opsharden.errors import OpshardenError, Unreachable
from opsharden.ssh import hostkeys
from opsharden.ssh.hostkeys import HostKey, Pinned


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> list[HostKey]:
    """Two Ed25519 keys and an ECDSA one."""
    folder = tmp_path_factory.mktemp("keys")
    found = []
    for number, kind in enumerate(("ed25519", "ed25519", "ecdsa")):
        subprocess.run(["ssh-keygen", "-q", "-t", kind, "-N", "", "-f", folder / f"k{number}"], check=True)
        found.append(HostKey(*(folder / f"k{number}.pub").read_text().split()[:2]))
    return found


def test_fingerprint_is_what_ssh_keygen_prints(keys: list[HostKey], tmp_path: Path) -> None:
    file = tmp_path / "key.pub"
    file.write_text(f"{keys[2].type} {keys[2].blob}\n")
    printed = subprocess.run(["ssh-keygen", "-lf", file], capture_output=True, text=True, check=True).stdout
    assert keys[2].fingerprint == printed.split()[1]


def test_place_names_other_ports() -> None:
    assert hostkeys.place("192.0.2.1", 22) == "192.0.2.1"
    assert hostkeys.place("192.0.2.1", 2222) == "[192.0.2.1]:2222"


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
    assert bool(hostkeys.known([file], name)) is found


@pytest.mark.parametrize("name", ["web1", "[192.0.2.1]:2222"])
def test_names_hashed_by_ssh_keygen_match(name: str, keys: list[HostKey], tmp_path: Path) -> None:
    file = tmp_path / "known_hosts"
    hostkeys.pin(file, name, keys[0])
    hostkeys.pin(file, "other", keys[1])
    subprocess.run(["ssh-keygen", "-H", "-f", file], check=True, capture_output=True)
    assert name not in file.read_text()
    assert [entry.key for entry in hostkeys.known([file], name)] == [keys[0]]


def test_all_files_count_and_say_where(keys: list[HostKey], tmp_path: Path) -> None:
    first, second = tmp_path / "a", tmp_path / "b"
    hostkeys.pin(first, "web1", keys[0])
    hostkeys.pin(second, "other", keys[1])
    hostkeys.pin(second, "web1", keys[2])
    found = hostkeys.known([tmp_path / "none", first, second], "web1")
    assert [entry.where for entry in found] == [f"{first} line 1", f"{second} line 2"]


def test_an_authority_pins_nothing(keys: list[HostKey], tmp_path: Path) -> None:
    file = tmp_path / "known_hosts"
    file.write_text(f"@cert-authority * {keys[0].type} {keys[0].blob}\n")
    assert hostkeys.known([file], "web1") == ()


def test_garbage_pins_nothing_and_harms_nothing(keys: list[HostKey], tmp_path: Path) -> None:
    file = tmp_path / "known_hosts"
    file.write_bytes(b"web1\nweb1 ssh-ed25519\n|1|x|y ssh-ed25519 AAAA\n\xff\xfe\nweb1 ssh-ed25519 A\n")
    hostkeys.pin(file, "web1", keys[0])
    pinned = hostkeys.known([file], "web1")
    hostkeys.check("web1", keys[0], pinned)
    with pytest.raises(Unreachable, match="has changed"):
        hostkeys.check("web1", keys[1], pinned)


def test_a_file_that_cannot_be_read_is_an_error_not_an_empty_file(tmp_path: Path) -> None:
    with pytest.raises(OpshardenError, match="cannot be read"):
        hostkeys.known([tmp_path], "web1")


def test_check_accepts_any_pinned_key(keys: list[HostKey]) -> None:
    pinned = [Pinned(keys[0], "a line 1"), Pinned(keys[1], "a line 2")]
    hostkeys.check("web1", keys[0], pinned)
    hostkeys.check("web1", keys[1], pinned)


def test_check_refuses_an_unknown_key(keys: list[HostKey]) -> None:
    with pytest.raises(Unreachable, match="is not known") as caught:
        hostkeys.check("web1", keys[0], [])
    assert keys[0].fingerprint in caught.value.message


def test_check_refuses_a_changed_key_and_says_both_and_where(keys: list[HostKey]) -> None:
    with pytest.raises(Unreachable, match="has changed") as caught:
        hostkeys.check("web1", keys[1], [Pinned(keys[2], "f line 1"), Pinned(keys[0], "f line 7")])
    said = caught.value.message
    assert keys[1].fingerprint in said
    assert keys[0].fingerprint in said
    assert "f line 7" in said


def test_check_refuses_a_key_of_another_kind_than_the_pinned_one(keys: list[HostKey]) -> None:
    with pytest.raises(Unreachable, match="has changed"):
        hostkeys.check("web1", keys[2], [Pinned(keys[0], "f line 1")])


def test_check_refuses_a_revoked_key_though_it_is_pinned(keys: list[HostKey], tmp_path: Path) -> None:
    file = tmp_path / "known_hosts"
    file.write_text(f"web1 {keys[0].type} {keys[0].blob}\n@revoked * {keys[0].type} {keys[0].blob}\n")
    with pytest.raises(Unreachable, match="revoked") as caught:
        hostkeys.check("web1", keys[0], hostkeys.known([file], "web1"))
    assert f"{file} line 2" in caught.value.message


def test_pin_keeps_what_is_there_even_a_line_without_an_end(keys: list[HostKey], tmp_path: Path) -> None:
    file = tmp_path / "new" / "known_hosts"
    file.parent.mkdir()
    file.write_text(f"# ours\nold {keys[0].type} {keys[0].blob}")
    hostkeys.pin(file, "web1", keys[1])
    assert [entry.key for entry in hostkeys.known([file], "old")] == [keys[0]]
    assert [entry.key for entry in hostkeys.known([file], "web1")] == [keys[1]]
    assert file.read_text().startswith("# ours\n")


def test_many_can_pin_at_once(keys: list[HostKey], tmp_path: Path) -> None:
    file = tmp_path / "known_hosts"
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: hostkeys.pin(file, f"h{number}", keys[number % 2]), range(200)))
    assert all(len(hostkeys.known([file], f"h{number}")) == 1 for number in range(200))
    assert file.stat().st_mode & 0o777 == 0o644
