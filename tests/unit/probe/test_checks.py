from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest

from opsharden.model import Finding, Host
from opsharden.probe import Patience, Recorder, Subject, judge
from opsharden.probe.checks import collect
from opsharden.probe.local import open_local

WANTS = {"colour": {"own-red": {"is": "red"}, "own-blue": {"is": "blue"}}, "size": {"own-large": {"is": "large"}}}
CHECK = """import pytest

@pytest.mark.kind("colour", root=False)
def test_colour(host, want%s):
    "Colours are right"
    assert host.check_output("echo red") == want["is"]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "test_colour.py").write_text(CHECK % "")
    return tmp_path


def judged(folder: Path, wants: Any = WANTS) -> dict[str, Finding]:
    checks = collect([folder], wants=wants)
    transport = open_local(Host("here", "localhost", connection="local", become=False), Patience(10, 10, 60))
    recorder = Recorder(transport)
    try:
        subject = Subject("here", recorder, {}, lambda name: recorder, math.inf)
        return {finding.control: finding for finding in judge(checks, subject)}
    finally:
        transport.close()


def test_a_check_of_a_kind_is_there_once_for_each_control_of_it(folder: Path) -> None:
    checks = collect([folder], wants=WANTS)
    assert [(check.control, check.needs_root, check.marked) for check in checks] == [
        ("own-red", False, True),
        ("own-blue", False, True),
    ]


def test_each_is_judged_by_what_its_control_wants(folder: Path) -> None:
    assert {control: str(finding.verdict) for control, finding in judged(folder).items()} == {
        "own-red": "pass",
        "own-blue": "fail",
    }


def test_what_only_pytest_can_run_is_judged_alike(folder: Path) -> None:
    (folder / "test_colour.py").write_text(CHECK % ", tmp_path")
    assert {control: str(finding.verdict) for control, finding in judged(folder).items()} == {
        "own-red": "pass",
        "own-blue": "fail",
    }


def test_a_kind_without_controls_has_no_checks(folder: Path) -> None:
    assert collect([folder], wants={}) == ()
