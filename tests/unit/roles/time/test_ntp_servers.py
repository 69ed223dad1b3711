"""What the module makes of odd files: pipes, closed ones, quotes that do not end."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

from tests.unit.roles.loading import Run, module
from tests.unit.roles.time.samples import OPTIONS


@pytest.mark.parametrize(("default", "main"), OPTIONS)
def test_chrony_s_options_are_read_whether_their_quotes_end_or_not(default: str, main: str) -> None:
    texts = {
        "/usr/lib/systemd/system/chrony.service": "ExecStart=/usr/sbin/chronyd $DAEMON_OPTS\n",
        "/etc/default/chrony": f"{default}\n",
    }
    assert (
        module("time", "ntp_servers").chrony_file(SimpleNamespace(text=lambda path: texts.get(str(path), ""))) == main
    )


@pytest.fixture
def servers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """ntp_servers for timesyncd, in a folder of this test."""
    loaded = module("time", "ntp_servers")
    tmp_path.chmod(0o755)
    monkeypatch.setattr(loaded, "ROOTS", (str(tmp_path),))
    monkeypatch.setattr(loaded.Timesyncd, "own", tmp_path / "systemd" / "timesyncd.conf.d" / "zz-opsharden.conf")
    (tmp_path / "systemd").mkdir()
    return loaded


def test_timesyncd_can_read_what_is_written_for_it_whatever_the_mask(servers: ModuleType, run: Run) -> None:
    own: Path = servers.Timesyncd.own
    before = os.umask(0o077)
    said = run(servers, service="systemd-timesyncd", servers=["one"])
    os.umask(before)
    assert (said["changed"], said["opsharden_note"]) == (True, [f"Changed {own}."])
    assert [stat.S_IMODE(path.stat().st_mode) for path in (own.parent, own)] == [0o755, 0o644]
    assert run(servers, service="systemd-timesyncd", servers=["one"])["changed"] is False


@pytest.mark.parametrize("check", [True, False])
def test_our_own_file_is_opened_where_it_was_closed(servers: ModuleType, run: Run, check: bool) -> None:
    own: Path = servers.Timesyncd.own
    run(servers, service="systemd-timesyncd", servers=["one"])
    own.chmod(0o640)
    own.parent.chmod(0o750)
    said = run(servers, check, service="systemd-timesyncd", servers=["one"])
    assert [
        f"can read it now: {path}." in note
        for path, note in zip((own.parent, own), said["opsharden_note"], strict=True)
    ]
    assert [stat.S_IMODE(path.stat().st_mode) for path in (own.parent, own)] == (
        [0o750, 0o640] if check else [0o755, 0o644]
    )


def test_a_folder_with_files_of_others_stays_closed(servers: ModuleType, run: Run) -> None:
    own: Path = servers.Timesyncd.own
    own.parent.mkdir(0o750)
    (own.parent / "10-ours.conf").write_text("[Time]\nNTP=two\n")
    run(servers, service="systemd-timesyncd", servers=["one"])
    assert stat.S_IMODE(own.parent.stat().st_mode) == 0o750


def test_no_servers_are_written_in_the_place_of_a_pipe(servers: ModuleType, run: Run) -> None:
    own: Path = servers.Timesyncd.own
    own.parent.mkdir(0o755)
    os.mkfifo(own)
    said = run(servers, service="systemd-timesyncd", servers=["one"])
    assert (said["changed"], said["left"]) == (False, [f"{own} is a pipe and was left as it is."])
    assert said["opsharden_note"] == said["left"]
    assert stat.S_ISFIFO(own.stat().st_mode)
