"""Where the module does not try its settings."""

from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.unit.roles.loading import module

FIX = module("kinds", "sshd_settings")


def test_nothing_is_tried_while_sshd_would_wait(tmp_path: Path) -> None:
    main = tmp_path / "main"
    main.write_text(f"Include {tmp_path}/pipe\n")
    os.mkfifo(tmp_path / "pipe")
    server = SimpleNamespace(main=str(main), effective=lambda path: pytest.fail("sshd was asked"))
    with pytest.raises(FIX.Trouble, match="pipe is a pipe, at which sshd waits"):
        FIX.Plan(None, server, str(tmp_path / "own"), [])


def test_our_file_takes_nobody_s_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = tmp_path / "own"
    own.mkdir()
    for name in ("_wanted", "_keywords", "_nothing_else", "holding"):
        monkeypatch.setattr(FIX.Plan, name, lambda *_: set())
    monkeypatch.setattr(FIX.Plan, "__init__", lambda plan: setattr(plan, "path", str(own)))
    changed: dict[str, str] = {}
    monkeypatch.setattr(FIX.Plan, "_best", lambda *_: SimpleNamespace(changed=changed))
    assert FIX.Plan().make()[1] == [], "nothing is to be written there"
    changed[str(own)] = "Banner none"
    with pytest.raises(FIX.Trouble, match="own is a folder, where our file is to be"):
        FIX.Plan().make()
