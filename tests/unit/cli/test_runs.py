from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from opsharden.cli.runs import app
from opsharden.errors import EvidenceError, UsageError
from opsharden.evidence import Store
from opsharden.model import Control, Finding, HostStatus, Member, Run, RunState, Severity, Verdict

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
File = Callable[..., str]


@pytest.fixture
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("OPSHARDEN_DATABASE", raising=False)
    return tmp_path / ".opsharden" / "evidence.db"


@pytest.fixture
def file(database: Path) -> File:
    """Files a run with one finding per `host=verdict`; each a minute after the one before."""

    def make(state: RunState = RunState.COMPLETE, verb: str = "verify", **verdicts: Verdict) -> str:
        with Store.open(database) as store:
            number = len(store.runs())
            started = NOON + timedelta(minutes=number)
            run = store.begin(
                Run(f"20261124-12{number:02}00-000{number}", verb, RunState.RUNNING, started, "admin", "desk", "v", "0")
            )
            store.add_controls(run.id, [Control("ssh-no-root", "Root cannot log in", "Why.", Severity.HIGH, "ssh")])
            for host, verdict in verdicts.items():
                found = Finding(host, "ssh-no-root", verdict, "yes", "no", "root may log in\nmore")
                store.add_host(run.id, Member(host, HostStatus.TESTED), [found], [])
            if state is not RunState.RUNNING:
                store.finish(run.id, state, 3, started + timedelta(seconds=9))
            return run.id

    return make


def call(*arguments: str) -> Result:
    return CliRunner().invoke(app, arguments)


def test_list_shows_the_newest_first_on_stdout_alone(file: File) -> None:
    first, second = file(), file(RunState.FAILED, "apply")
    result = call("list")
    assert result.exit_code == 0
    assert result.stderr == ""
    heading, *rows = result.stdout.splitlines()
    assert heading.split() == ["run", "verb", "state", "started", "took", "by", "profiles", "exit"]
    assert [row.split()[:3] for row in rows] == [[second, "apply", "failed"], [first, "verify", "complete"]]


def test_list_says_where_it_stops(file: File) -> None:
    file(), file()
    result = call("list", "--limit", "1")
    assert len(result.stdout.splitlines()) == 2
    assert "--limit shows more" in result.stderr


def test_list_as_json_is_json(file: File) -> None:
    id = file()
    (run,) = json.loads(call("list", "--output", "json").stdout)
    assert (run["id"], run["state"], run["exit_code"]) == (id, "complete", 3)
    assert run["started_at"] == "2026-11-24T12:00:00Z"


def test_list_shows_a_run_that_died_as_interrupted(file: File, database: Path) -> None:
    file(RunState.RUNNING)
    with Store.open(database) as store, store._engine.begin() as connection:
        connection.exec_driver_sql("UPDATE run SET owner_pid = 4194304 + 1")
    assert "interrupted" in call("list").stdout


@pytest.mark.parametrize("command", ["list", "show", "diff"])
def test_without_a_database_none_is_made(command: str, database: Path) -> None:
    result = call(command)
    assert isinstance(result.exception, EvidenceError)
    assert "opsharden verify" in result.exception.advice
    assert not database.parent.exists()


@pytest.mark.parametrize("reference", [[], ["latest"], ["20261124-1201"]])
def test_show_renders_the_run_meant(reference: list[str], file: File) -> None:
    file(web1=Verdict.PASS)
    file(web2=Verdict.FAIL)
    result = call("show", *reference)
    assert result.exit_code == 0
    assert "ssh-no-root" in result.stdout
    assert "web2" in result.stdout
    assert "web1" not in result.stdout


def test_show_renders_other_formats_and_says_where_they_went(file: File, tmp_path: Path) -> None:
    id = file(web1=Verdict.FAIL)
    result = call("show", "--output", "json", "--output", f"csv:{tmp_path}/run.csv")
    assert json.loads(result.stdout)["run"]["id"] == id
    assert result.stderr == f"written to: {tmp_path}/run.csv\n"
    assert "web1" in (tmp_path / "run.csv").read_text()


def test_show_of_no_run_is_a_usage_error(file: File) -> None:
    file()
    assert isinstance(call("show", "2099").exception, UsageError)


@pytest.mark.parametrize(
    ("before", "after", "exit_code", "heading"),
    [
        (Verdict.PASS, Verdict.PASS, 0, "still failing: 0"),
        (Verdict.FAIL, Verdict.FAIL, 0, "still failing: 1"),
        (Verdict.FAIL, Verdict.PASS, 0, "got better: 1"),
        (Verdict.PASS, Verdict.FAIL, 3, "got worse: 1"),
        (Verdict.PASS, Verdict.ERROR, 4, "lost sight of: 1"),
        (Verdict.PASS, Verdict.NOT_APPLICABLE, 0, "otherwise changed: 1"),
    ],
)
def test_diff_tells_which_way_it_went(
    before: Verdict, after: Verdict, exit_code: int, heading: str, file: File
) -> None:
    file(web1=before), file(web1=after)
    result = call("diff")
    assert result.exit_code == exit_code
    assert heading in result.stdout
    assert result.stderr == ""


def test_diff_prints_one_line_per_shift(file: File) -> None:
    file(web1=Verdict.PASS), file(web1=Verdict.FAIL, web2=Verdict.FAIL)
    lines = [line.split() for line in call("diff").stdout.splitlines()]
    assert ["high", "ssh-no-root", "web1", "pass", "fail", "root", "may", "log", "in"] in lines
    assert ["high", "ssh-no-root", "web2", "-", "fail", "root", "may", "log", "in"] in lines
    assert ["new", "hosts:", "web2"] in lines


def test_diff_says_what_is_left_to_do_by_hand(database: Path) -> None:
    id = "20261124-120{}00-0000"
    control = Control("ssh-no-root", "Root cannot log in", "Why.", Severity.HIGH, "ssh")
    left: dict[str, Any] = {"by_hand": "Take the line out.\nThen reload.", "by_apply": False}
    for number, failing in enumerate(((), ("a", "b", "c", "d", "e", "f"))):
        with Store.open(database) as store:
            started = NOON + timedelta(minutes=number)
            state = RunState.RUNNING
            run = store.begin(Run(id.format(number), "verify", state, started, "admin", "desk", "v", "0"))
            store.add_controls(run.id, [control])
            for host in "abcdef":
                verdict = Verdict.FAIL if host in failing else Verdict.PASS
                found = Finding(host, control.id, verdict, "yes", "no", **(left if host in failing else {}))
                store.add_host(run.id, Member(host, HostStatus.TESTED), [found], [])
            store.finish(run.id, RunState.COMPLETE, 3, started)
    shown = call("diff").stdout
    assert shown.count("by hand: ") == 2
    assert "by hand: ssh-no-root on a, b, c and 3 more: Take the line out.\n" in shown
    assert "by hand: ssh-no-root on a, b, c and 3 more: Then reload.\n" in shown
    assert "by hand" not in call("diff", id.format(1), id.format(0)).stdout
    shift, *_ = json.loads(call("diff", "--output", "json").stdout)["shifts"]
    assert (shift["by_hand"], shift["by_apply"]) == ("Take the line out.\nThen reload.", False)


def test_diff_compares_finished_verify_runs_unless_told_otherwise(file: File) -> None:
    ids = [file(web1=Verdict.PASS), file(web1=Verdict.FAIL), file(verb="apply"), file(RunState.INTERRUPTED)]
    for arguments, pair in [
        ([], ids[0:2]),
        ([ids[0]], ids[0:2]),
        ([ids[1], ids[0]], [ids[1], ids[0]]),
        ([ids[0], "latest"], [ids[0], ids[3]]),
    ]:
        found = json.loads(call("diff", *arguments, "--output", "json").stdout)
        assert [found["before"]["id"], found["after"]["id"]] == pair


def test_diff_of_one_run_is_a_usage_error(file: File) -> None:
    file()
    result = call("diff")
    assert isinstance(result.exception, UsageError)
    assert "opsharden runs diff BEFORE AFTER" in result.exception.advice


def test_what_a_host_says_cannot_steer_the_terminal(file: File, database: Path) -> None:
    file(web1=Verdict.PASS)
    with Store.open(database) as store:
        run = store.begin(
            Run("20261124-125900-0000", "verify", RunState.RUNNING, NOON + timedelta(hours=1), "a", "b", "c", "0")
        )
        found = Finding("web1", "ssh-no-root", Verdict.FAIL, reason="\x1b]0;owned\x07[red]x[/red]")
        store.add_host(run.id, Member("web1", HostStatus.TESTED), [found], [])
        store.finish(run.id, RunState.COMPLETE, 3, NOON + timedelta(hours=2))
    shown = call("diff").stdout
    assert "\x1b" not in shown
    assert "\\x1b]0;owned\\x07[red]x[/red]" in shown


@pytest.mark.parametrize("command", ["list", "show", "diff"])
def test_help_teaches_with_an_example(command: str) -> None:
    assert f"Example: opsharden runs {command}" in call(command, "--help").stdout
