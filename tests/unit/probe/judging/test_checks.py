from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest

from opsharden.model import Finding, Host
from opsharden.probe import Patience, Recorder, Subject, judge
from opsharden.probe.judging.checks import OnTheWay, collect
from opsharden.probe.transports.local import open_local

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


@pytest.mark.parametrize(
    ("path", "over"),
    [
        ("/", None),
        ("/home", None),
        ("/home/ann/checks", None),
        ("/home/ann/checks/deep/test_x.py", None),
        ("/home/bob", True),
        ("/home/ann/checks2", True),
        ("/home/ann/che", True),
        ("/homes", True),
    ],
)
def test_what_lies_beside_the_way_to_the_checks_is_passed_over(path: str, over: bool | None) -> None:
    assert OnTheWay([Path("/home/ann/checks"), Path("/home/ann/more")]).pytest_ignore_collect(Path(path)) is over


def test_what_lies_beside_it_is_not_even_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "ann" / "checks").mkdir(parents=True)
    (tmp_path / "ann" / "checks" / "test_one.py").write_text("def test_it(host): ...\n")
    (tmp_path / "ann" / "conftest.py").write_text("import pytest\n\n\n@pytest.fixture\ndef ours(): ...\n")
    for name in range(50):
        (tmp_path / f"{name}").mkdir()
    looked_at: list[Path] = []
    ask = OnTheWay.pytest_ignore_collect

    def asked(self: OnTheWay, collection_path: Path) -> bool | None:
        over = ask(self, collection_path)
        looked_at.extend([collection_path] if over is None else [])
        return over

    monkeypatch.setattr(OnTheWay, "pytest_ignore_collect", pytest.hookimpl(tryfirst=True)(asked))
    assert [check.control for check in collect([tmp_path / "ann" / "checks"])] == ["own-one-it"]
    assert [path for path in looked_at if path.is_relative_to(tmp_path) and path.name.isdigit()] == []
    assert tmp_path / "ann" / "checks" / "test_one.py" in looked_at
