"""How the module reads the lines of sudoers, and what it puts behind them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from tests.unit.roles.loading import module

SUDO = module("kinds", "sudoers_settings")


@pytest.mark.parametrize(
    ("line", "kind", "who", "options"),
    [
        ("Defaults use_pty", "", "", {"use_pty": True}),
        (
            "Defaults:%ops, !al !use_pty, logfile=/var/log/a\\,b",
            ":",
            "%ops, !al",
            {"use_pty": False, "logfile": "/var/log/a,b"},
        ),
        ('Defaults>R timestamp_timeout=30, env_keep+="A B"', ">", "R", {"timestamp_timeout": "30", "env_keep": "A B"}),
        ("Defaults!/usr/bin/less !!use_pty", "!", "/usr/bin/less", {"use_pty": True}),
        ('Defaults@db1 logfile="/var/log/x y"', "@", "db1", {"logfile": "/var/log/x y"}),
        ("Defaults:ALL use_pty", "", "", {"use_pty": True}),
    ],
)
def test_a_line_of_defaults_is_read_with_its_binding(
    line: str, kind: str, who: str, options: dict[str, object]
) -> None:
    found = SUDO.statement(line)
    assert (found.kind, found.who, found.options) == (kind, who, options)


def test_what_is_stricter_for_some_is_said_again_behind_ours() -> None:
    timeout = SUDO.Setting("timestamp_timeout", "at_most", "15", default=15)
    rest = list(
        map(
            SUDO.statement,
            ("Defaults timestamp_timeout=60", "Defaults:OPS timestamp_timeout=0", "Defaults>x timestamp_timeout=90"),
        )
    )
    assert timeout.lines(rest, None) == ['Defaults timestamp_timeout="15"', 'Defaults:OPS timestamp_timeout="0"']
    assert not timeout.is_fine(rest)
    assert timeout.is_fine([*rest, *map(SUDO.statement, timeout.lines(rest, None))])


def test_nothing_is_tried_while_visudo_would_wait(tmp_path: Path, monkeypatch: Any) -> None:
    main = tmp_path / "sudoers"
    main.write_text(f"Defaults use_pty\n@include {tmp_path}/pipe\n")
    os.mkfifo(tmp_path / "pipe")
    monkeypatch.setattr(SUDO, "MAIN", str(main))
    with pytest.raises(SUDO.Trouble, match="pipe, which is a pipe"):
        SUDO.Sudoers(None).whole(str(main))


def test_our_file_takes_nobody_s_place(tmp_path: Path, monkeypatch: Any) -> None:
    os.mkfifo(tmp_path / "own")
    monkeypatch.setattr(SUDO.Sudoers, "statements", lambda _: [])
    wanted = SUDO.Plan(None, str(tmp_path / "own"), [SUDO.Setting("use_pty", "flag")])
    with pytest.raises(SUDO.Trouble, match="own is a pipe, where our file is to be"):
        wanted.make()
    assert SUDO.Plan(None, str(tmp_path / "own"), []).make() == {}, "nothing is to be written there"


def test_what_is_said_for_a_command_is_left_and_named(monkeypatch: Any) -> None:
    line = "Defaults!/usr/bin/less !use_pty"
    monkeypatch.setattr(SUDO.Sudoers, "statements", lambda _: [SUDO.statement(line)])
    monkeypatch.setattr(SUDO.Sudoers, "text", lambda *_: "")
    plan = SUDO.Plan(None, "/etc/sudoers.d/none", [SUDO.Setting("use_pty", "flag")])
    assert plan.left({}) == ["use_pty for the command /usr/bin/less was left as it is: no other setting beats it."]
