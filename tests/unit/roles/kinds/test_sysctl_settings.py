"""The module that brings about what is of the kind sysctl, on files and a kernel of the test."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml

from opsharden.catalogue import KINDS
from tests.unit.roles.loading import Run, module


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """sysctl_settings on folders of this test, with a kernel of two interfaces."""
    loaded = module("kinds", "sysctl_settings")
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
    host = settings.Host(tmp_path / "etc" / "zz-opsharden.conf")
    host.hold_at_boot(settings.Setting(MARTIANS, {"exactly": 1}))
    return {path.name: new for path, (_, new) in host.new_texts().items()}, host.left


MARTIANS = "net.ipv4.conf.*.log_martians"
BASE = "net.ipv4.conf.*.log_martians = 1\nnet.ipv4.conf.all.log_martians = 1\nnet.ipv4.conf.default.log_martians = 1\n"
OURS = "zz-opsharden.conf"


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


def test_what_is_no_file_is_not_opened_and_named(settings: ModuleType, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "etc" / "50-pipe.conf")
    (tmp_path / "etc" / "60-folder.conf").mkdir()
    (tmp_path / "lib" / "60-folder.conf").write_text("net.ipv4.conf.all.log_martians = 0\n")
    changed, left = held(settings, tmp_path)
    assert changed[OURS].removeprefix(settings.HEAD) == BASE
    assert [sentence.partition(",")[0] for sentence in left] == [
        f"{tmp_path / 'etc' / '50-pipe.conf'} is a pipe",
        f"{tmp_path / 'etc' / '60-folder.conf'} is a folder",
    ]


def test_nothing_is_put_in_the_place_of_a_folder(
    settings: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: Run
) -> None:
    own = tmp_path / "etc" / OURS
    monkeypatch.setattr(settings, "OWN", own)
    own.mkdir()
    said = run(settings, want=[{MARTIANS: {"exactly": 1}}])
    assert said["failed"] is True
    assert said["msg"] == f"Nothing was set: {own} is a folder, and our file's place; take it away."


def test_a_new_file_is_for_all_to_read_and_what_is_left_is_said(
    settings: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: Run
) -> None:
    own = tmp_path / "etc" / OURS
    monkeypatch.setattr(settings, "OWN", own)
    os.mkfifo(tmp_path / "lib" / "zzz.conf")
    before = os.umask(0o077)
    said = run(settings, want=[{MARTIANS: {"exactly": 1}}])
    os.umask(before)
    assert stat.S_IMODE(own.stat().st_mode) == 0o644
    assert said["opsharden_note"] == [f"Changed {own}.", *said["left"]]
    assert len(said["left"]) == 1


def test_masked_files_and_excluded_interfaces_are_read_as_systemd_does(settings: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "lib" / "zzz-vendor.conf").write_text("net.ipv4.conf.all.log_martians = 0\n")
    (tmp_path / "etc" / "zzz-vendor.conf").symlink_to("/dev/null")
    (tmp_path / "lib" / "10-vendor.conf").write_text("-net.ipv4.conf.eth0.log_martians\n")
    changed, left = held(settings, tmp_path)
    assert "net.ipv4.conf.eth0.log_martians = 1\n" in changed[OURS]
    assert left == []


def test_an_entry_that_is_still_to_be_filled_in_changes_nothing(settings: ModuleType, tmp_path: Path) -> None:
    ((key, wanted),) = yaml.safe_load(KINDS["sysctl"].blank).items()
    host = settings.Host(tmp_path / "etc" / OURS)
    host.hold_at_boot(settings.Setting(key, wanted))
    assert (host.new_texts(), host.left) == ({}, [])
    assert settings.load([settings.Setting(key, wanted)], check_mode=False) == ([], [])


@pytest.mark.parametrize("key", ["all", "e*"])
def test_what_is_stricter_than_asked_stays_so(settings: ModuleType, tmp_path: Path, key: str) -> None:
    (tmp_path / "etc" / "10-admin.conf").write_text(f"net.ipv4.conf.{key}.log_martians = -1\n")
    own = tmp_path / "etc" / OURS
    host = settings.Host(own)
    host.hold_at_boot(settings.Setting(MARTIANS, {"one_of": [1, -1]}))
    own.write_text(host.new_texts()[own][1])
    boot = settings.Host(own).boot()
    decided = {each: boot.decides(f"net/ipv4/conf/{each}/log_martians").value for each in ("all", "default", "eth0")}
    stays = "all" if key == "all" else "eth0"
    assert decided == {"all": "1", "default": "1", "eth0": "1"} | {stays: "-1"}


@pytest.mark.parametrize(("contained", "written"), [(True, "1\n"), (False, "0")])
def test_in_a_container_the_kernel_is_the_machines_own_but_for_its_network(
    settings: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, contained: bool, written: str
) -> None:
    mark = tmp_path / "container"
    monkeypatch.setattr(settings, "CONTAINER", mark)
    (tmp_path / "proc" / "kernel").mkdir()
    live = [
        tmp_path / "proc" / "kernel" / "sysrq",
        tmp_path / "proc" / "net" / "ipv4" / "conf" / "eth0" / "log_martians",
    ]
    live[0].write_text("1\n")
    if contained:
        mark.touch()
    wanted = [settings.Setting("kernel.sysrq", {"exactly": 0}), settings.Setting(MARTIANS, {"exactly": 0})]
    assert len(settings.not_loaded(wanted)) == contained
    settings.load(wanted, check_mode=False)
    assert [path.read_text() for path in live] == [written, "0"]


@pytest.mark.parametrize(
    ("wanted", "holds", "fails", "written"),
    [
        ({"exactly": 1}, ["1"], ["0", "2", "", None], "1"),
        ({"one_of": [1, 2]}, ["1", "2"], ["0", None], "1"),
        ({"at_least": 1}, ["1", "3"], ["0", "-1", "none", None], "1"),
        ({"at_most": 0}, ["0", "-1"], ["1", None], "0"),
        ({"at_least": 1, "at_most": 4}, ["1", "4"], ["0", "5"], "4"),
    ],
)
def test_what_holds_and_what_is_written(
    settings: ModuleType, wanted: dict[str, Any], holds: list[str], fails: list[str | None], written: str
) -> None:
    meant = settings.Wanted(wanted)
    assert [value for value in holds if not meant.holds(value)] == []
    assert [value for value in fails if meant.holds(value)] == []
    assert meant.value == written
