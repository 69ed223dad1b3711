import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from opsharden.errors import Unreachable
from opsharden.ssh import hostkeys
from opsharden.ssh.hostkeys import HostKey, Pinned
from opsharden.ssh.knownhosts import known


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
        hostkeys.check("web1", keys[0], known([file], "web1"))
    assert f"{file} line 2" in caught.value.message


def test_pin_keeps_what_is_there_even_a_line_without_an_end(keys: list[HostKey], tmp_path: Path) -> None:
    file = tmp_path / "new" / "known_hosts"
    file.parent.mkdir()
    file.write_text(f"# ours\nold {keys[0].type} {keys[0].blob}")
    hostkeys.pin(file, "web1", keys[1])
    assert [entry.key for entry in known([file], "old")] == [keys[0]]
    assert [entry.key for entry in known([file], "web1")] == [keys[1]]
    assert file.read_text().startswith("# ours\n")


def test_many_can_pin_at_once(keys: list[HostKey], tmp_path: Path) -> None:
    file = tmp_path / "known_hosts"
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: hostkeys.pin(file, f"h{number}", keys[number % 2]), range(200)))
    assert all(len(known([file], f"h{number}")) == 1 for number in range(200))
    assert file.stat().st_mode & 0o777 == 0o644


def test_forgetting_a_host_takes_its_own_lines_and_no_others(keys: list[HostKey], tmp_path: Path) -> None:
    file = tmp_path / "known_hosts"
    others = f"# mine\n192.0.2.1,web {keys[1].type} {keys[1].blob}\n192.0.2.10 {keys[1].type} {keys[1].blob}"
    file.write_text(f"192.0.2.1 {keys[0].type} {keys[0].blob}\n{others}")
    file.chmod(0o640)
    hostkeys.forget(file, "192.0.2.1")
    assert file.read_text() == others
    assert file.stat().st_mode & 0o777 == 0o640
    hostkeys.pin(file, "192.0.2.1", keys[2])
    assert keys[2] in [entry.key for entry in known([file], "192.0.2.1")]


def test_forgetting_while_others_are_pinned_loses_none(keys: list[HostKey], tmp_path: Path) -> None:
    file = tmp_path / "known_hosts"
    for number in range(40):
        hostkeys.pin(file, f"old{number}", keys[0])
    with ThreadPoolExecutor(8) as pool:
        for number in range(40):
            pool.submit(hostkeys.forget, file, f"old{number}")
            pool.submit(hostkeys.pin, file, f"new{number}", keys[1])
    assert sorted(line.split()[0] for line in file.read_text().splitlines()) == sorted(f"new{n}" for n in range(40))
