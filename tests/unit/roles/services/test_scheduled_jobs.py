"""Which links among scheduled jobs the module names."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.unit.roles.loading import Run, module


def test_links_that_lead_to_what_others_may_write_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: Run
) -> None:
    jobs = module("services", "scheduled_jobs")
    (tmp_path / "cron.d").mkdir(0o700)
    for name, mode in (("open", 0o666), ("closed", 0o644)):
        (tmp_path / name).touch()
        (tmp_path / name).chmod(mode)
        (tmp_path / "cron.d" / name).symlink_to(tmp_path / name)
    (tmp_path / "cron.d" / "masked").symlink_to("/dev/null")
    monkeypatch.setattr(jobs, "Path", lambda _: tmp_path)
    monkeypatch.setattr(jobs, "in_order", lambda *_: True)
    said = run(jobs)
    named = {Path(sentence.split()[0]).name for sentence in said["left"]}
    # What belongs to whoever runs this test is not root's either, where that is not root.
    assert named - ({"closed"} if os.getuid() else set()) == {"open"}
    assert said["opsharden_note"] == said["left"]
