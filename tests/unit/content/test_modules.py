"""The modules of the roles, by what their parts come to on files like those of hosts."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from opsharden.catalogue import roles_path


def module(role: str, name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, roles_path() / role / "library" / f"{name}.py")
    assert spec and spec.loader
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


DPKG = """\
dpkg: dependency problems prevent removal of libfoo:amd64:
 bar depends on libfoo.
 baz:i386 pre-depends on libfoo (>= 2); however:
  Package libfoo is to be removed.
 dummy depends on telnet-client; however:
  Package telnet-client is not installed.

dpkg: error processing package libfoo:amd64 (--remove):
 dependency problems - not removing
"""


def test_who_needs_a_package_is_read_from_dpkg() -> None:
    assert module("services", "debian_packages").needs(DPKG) == {"libfoo": {"bar", "baz", "dummy"}}


def test_what_would_be_downgraded_is_read_from_apt() -> None:
    said = "The following packages will be DOWNGRADED:\n  one two\n  three\n0 upgraded\n"
    assert module("services", "debian_packages").listed(said, "DOWNGRADED") == {"one", "two", "three"}


def test_of_many_errors_the_first_says_why() -> None:
    said = "Reading...\nE: Unable to locate package x\nE: and more\n"
    assert module("services", "debian_packages").last_words(said) == "E: Unable to locate package x"


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """net_settings on folders of this test, with a kernel of two interfaces."""
    loaded = module("network", "net_settings")
    monkeypatch.setattr(loaded, "ROOTS", tuple(str(tmp_path / name) for name in ("etc", "run", "lib")))
    monkeypatch.setattr(loaded, "LIVE", tmp_path / "proc")
    monkeypatch.setattr(loaded, "UFW", tmp_path / "ufw")
    monkeypatch.setattr(loaded, "in_etc", lambda path: path.resolve().is_relative_to(tmp_path / "etc"))
    for name in ("etc", "run", "lib"):
        (tmp_path / name).mkdir()
    for interface in ("all", "default", "eth0"):
        folder = tmp_path / "proc" / "net" / "ipv4" / "conf" / interface
        folder.mkdir(parents=True)
        (folder / "log_martians").write_text("1\n")
    return loaded


def held(settings: ModuleType, tmp_path: Path) -> tuple[dict[str, str], list[str]]:
    """What becomes of log_martians: the files that change, and what is left."""
    host = settings.Host(tmp_path / "etc" / "zz-opsharden-network.conf")
    host.hold_at_boot(settings.Setting({"name": "log_martians", "value": 1, "under": ["net.ipv4.conf.*"]}))
    return {path.name: new for path, (_, new) in host.new_texts().items()}, host.left


BASE = "net.ipv4.conf.*.log_martians = 1\nnet.ipv4.conf.all.log_martians = 1\nnet.ipv4.conf.default.log_martians = 1\n"
OURS = "zz-opsharden-network.conf"


def test_nothing_is_written_where_another_file_holds_it(settings: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "lib" / "10-vendor.conf").write_text("net/ipv4/conf/*/log_martians=1\n")
    assert held(settings, tmp_path) == ({}, [])


def test_one_interface_of_a_package_gets_its_own_line_in_our_file(settings: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "lib" / "10-vendor.conf").write_text("net.ipv4.conf.eth0.log_martians = 0\n")
    changed, left = held(settings, tmp_path)
    assert changed[OURS].removeprefix(settings.HEAD) == f"{BASE}net.ipv4.conf.eth0.log_martians = 1\n"
    assert left == []


def test_what_sorts_last_is_changed_in_etc_and_named_elsewhere(settings: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "etc" / "zzz-admin.conf").write_text("# mine\n-net.ipv4.conf.all.log_martians = 0\nkernel.x = 1")
    (tmp_path / "lib" / "zzz-vendor.conf").write_text("net.ipv4.conf.default.log_martians = 0\n")
    changed, left = held(settings, tmp_path)
    assert changed["zzz-admin.conf"] == "# mine\n-net.ipv4.conf.all.log_martians = 1\nkernel.x = 1"
    assert len(left) == 1
    assert "zzz-vendor.conf:1" in left[0]


def test_masked_files_and_excluded_interfaces_are_read_as_systemd_does(settings: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "lib" / "zzz-vendor.conf").write_text("net.ipv4.conf.all.log_martians = 0\n")
    (tmp_path / "etc" / "zzz-vendor.conf").symlink_to("/dev/null")
    (tmp_path / "lib" / "10-vendor.conf").write_text("-net.ipv4.conf.eth0.log_martians\n")
    changed, left = held(settings, tmp_path)
    assert "net.ipv4.conf.eth0.log_martians = 1\n" in changed[OURS]
    assert left == []


@pytest.mark.parametrize("key", ["all", "e*"])
def test_what_is_stricter_than_asked_stays_so(settings: ModuleType, tmp_path: Path, key: str) -> None:
    (tmp_path / "etc" / "10-admin.conf").write_text(f"net.ipv4.conf.{key}.log_martians = -1\n")
    own = tmp_path / "etc" / OURS
    host = settings.Host(own)
    host.hold_at_boot(
        settings.Setting({"name": "log_martians", "value": 1, "also": [-1], "under": ["net.ipv4.conf.*"]})
    )
    own.write_text(host.new_texts()[own][1])
    boot = settings.Host(own).boot()
    decided = {each: boot.decides(f"net/ipv4/conf/{each}/log_martians").value for each in ("all", "default", "eth0")}
    stays = "all" if key == "all" else "eth0"
    assert decided == {"all": "1", "default": "1", "eth0": "1"} | {stays: "-1"}


def test_nothing_outside_the_network_is_ever_set(settings: ModuleType) -> None:
    with pytest.raises(ValueError, match="not a setting of the network"):
        settings.Setting({"name": "core_pattern", "value": 1, "under": ["kernel"]})


def test_an_address_of_proc_is_read_as_people_write_it() -> None:
    port_for = module("monitoring", "port_for")
    assert port_for.readable("0100007F", port_for.socket.AF_INET) in ("127.0.0.1", "1.0.0.127")


def test_who_holds_a_port_is_told_by_its_user_where_no_more_can_be_seen() -> None:
    port_for = module("monitoring", "port_for")
    assert port_for.name_of("0") == "root"
    assert port_for.name_of("4294967294") == "4294967294"


@pytest.mark.parametrize(
    ("held_by", "wanted", "meets"),
    [("0.0.0.0", "127.0.0.1", True), ("127.0.0.1", "", True), ("10.0.0.1", "127.0.0.1", False), ("::", "", True)],
)
def test_two_that_name_one_address_each_do_not_meet(held_by: str, wanted: str, meets: bool) -> None:
    assert module("monitoring", "port_for").in_the_way(held_by, wanted) is meets
