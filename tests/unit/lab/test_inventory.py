import os
import stat
from pathlib import Path
from typing import Any

import pytest
import yaml

from opsharden.errors import LabError
from opsharden.lab import inventory
from opsharden.lab.hosts import Fingerprint
from opsharden.lab.spec import LabHost, Suite

KEYS = {"deb12-1": (Fingerprint("ECDSA", "SHA256:eee"), Fingerprint("ED25519", "SHA256:ddd"))}


def host(name: str, suite: Suite = Suite.BOOKWORM) -> LabHost:
    return LabHost(name, "192.0.2.10", suite, f"opsharden-x-{name}", "running")


def groups(home: Path) -> Any:
    return yaml.safe_load((home / "inventory" / "hosts.yml").read_text())["all"]["children"]


def test_hosts_are_grouped_by_release_with_address_and_fingerprint(tmp_path: Path) -> None:
    inventory.write_inventory(tmp_path, [host("deb12-1"), host("deb13-1", Suite.TRIXIE)], KEYS)
    assert groups(tmp_path) == {
        "debian12": {
            "hosts": {
                "deb12-1": {
                    "ansible_host": "192.0.2.10",
                    "opsharden_lab_host": "opsharden-x-deb12-1",
                    "bootstrap_host_key_fingerprint": "SHA256:ddd",
                }
            }
        },
        "debian13": {"hosts": {"deb13-1": {"ansible_host": "192.0.2.10", "opsharden_lab_host": "opsharden-x-deb13-1"}}},
    }


def test_a_hub_serves_the_others_and_not_itself(tmp_path: Path) -> None:
    inventory.write_inventory(tmp_path, [host("deb12-1"), host("hub")], KEYS)
    found = groups(tmp_path)
    assert found["debian12"]["vars"] == {
        "monitoring_server": "hub",
        "backup_server": "hub",
        "opsharden_profiles": ["baseline-1", "monitoring", "backup"],
    }
    assert list(found["debian12"]["hosts"]) == ["deb12-1"]
    assert found["hubs"]["vars"] == {"opsharden_profiles": []}
    assert set(found["hubs"]["children"]) == {"monitoring_servers", "backup_servers"}
    assert all(child["hosts"] == {"hub": {}} for child in found["hubs"]["children"].values())


def test_further_variables_join_the_bootstrap_user(tmp_path: Path) -> None:
    inventory.write_inventory(tmp_path, [host("deb12-1")], KEYS, {"ansible_user": "opsharden"})
    variables = yaml.safe_load((tmp_path / "inventory" / "group_vars" / "all.yml").read_text())
    assert variables == {"bootstrap_user": "admin", "ansible_user": "opsharden"}


def test_every_host_key_is_listed(tmp_path: Path) -> None:
    inventory.write_inventory(tmp_path, [host("deb12-1")], KEYS)
    assert (tmp_path / "fingerprints").read_text() == "deb12-1 ECDSA SHA256:eee\ndeb12-1 ED25519 SHA256:ddd\n"


def test_the_password_is_kept_and_only_ours_to_read(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        password = inventory.keep_password(tmp_path / "lab", new=True)
    finally:
        os.umask(before)
    assert len(password) >= 20
    assert inventory.keep_password(tmp_path / "lab", new=True) == password
    assert stat.S_IMODE((tmp_path / "lab" / "password").stat().st_mode) == 0o600


def test_every_lab_has_another_password(tmp_path: Path) -> None:
    assert inventory.keep_password(tmp_path / "a", new=True) != inventory.keep_password(tmp_path / "b", new=True)


def test_a_password_that_hosts_have_is_not_replaced(tmp_path: Path) -> None:
    with pytest.raises(LabError, match="password of the running hosts is gone"):
        inventory.keep_password(tmp_path, new=False)
    assert list(tmp_path.iterdir()) == []


def test_only_our_files_are_removed(tmp_path: Path) -> None:
    home = tmp_path / "lab"
    inventory.keep_password(home, new=True)
    inventory.write_inventory(home, [host("deb12-1")], KEYS)
    theirs = home / "inventory" / "group_vars" / "debian12.yml"
    theirs.write_text("a: 1\n")
    inventory.remove_files(home)
    assert [path for path in home.rglob("*") if path.is_file()] == [theirs]
    theirs.unlink()
    inventory.remove_files(home)
    assert not home.exists()
    inventory.remove_files(home)
