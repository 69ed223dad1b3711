from __future__ import annotations

import io
from dataclasses import replace

import pytest
from rich.cells import cell_len
from rich.console import Console

from opsharden.model import Finding, HostStatus, Member, RunRecord, RunState, Verdict
from opsharden.report.terminal import render, show
from tests.unit.report import sample


class Terminal(io.StringIO):
    """A stream that says what encoding it has, as a real one does."""

    def __init__(self, encoding: str = "utf-8") -> None:
        super().__init__()
        self._encoding = encoding

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return self._encoding


def shown(
    record: RunRecord, *, width: int = 100, encoding: str = "utf-8", colour: bool = False, cut: bool = True
) -> str:
    stream = Terminal(encoding)
    console = Console(file=stream, width=width, force_terminal=colour, color_system="standard" if colour else None)
    show(record, console, cut=cut)
    return stream.getvalue()


def failing(hosts: int) -> RunRecord:
    findings = tuple(Finding(f"node-{n:03}", "ssh-no-root", Verdict.FAIL, "yes", "no") for n in range(hosts))
    members = tuple(Member(finding.host, HostStatus.TESTED) for finding in findings)
    return RunRecord(sample.run(), members, findings, (), sample.controls())


@pytest.mark.parametrize("width", [60, 80, 200])
@pytest.mark.parametrize("cut", [True, False])
def test_no_line_is_wider_than_the_terminal(record: RunRecord, width: int, cut: bool) -> None:
    lines = shown(record, width=width, cut=cut).splitlines()
    assert max(cell_len(line) for line in lines) <= width


def test_the_grid_keeps_all_its_columns_on_a_narrow_terminal(record: RunRecord) -> None:
    lines = [line.split() for line in shown(record, width=60).splitlines()]
    assert ["role", "critical", "high", "medium", "low", "score", "unseen"] in lines
    assert ["fs", "1/4", "5/8", "2/12", "·", "66.6", "%", "6"] in lines


def test_every_failing_control_is_there_and_how_to_fix_it(record: RunRecord) -> None:
    text = shown(record)
    for finding in record.findings:
        if finding.verdict is Verdict.FAIL:
            assert f"opsharden apply --control {finding.control}" in text
    passing = set(record.controls) - {f.control for f in record.findings if f.verdict in (Verdict.FAIL, Verdict.ERROR)}
    assert "net-martians" in passing
    assert "apply --control net-martians" not in text


def test_population_score_and_coverage(record: RunRecord) -> None:
    text = shown(record)
    assert "6 targeted = 4 tested + 1 unreachable + 1 excluded" in text
    assert "legacy-01.example.org excluded: Excluded by --limit '!legacy'." in text
    assert "score 77 % of what was judged, coverage 78.6 %" in text


def test_two_hundred_hosts_with_one_fault_are_one_block() -> None:
    text = " ".join(shown(failing(200)).split())
    assert text.count("Root cannot log in over SSH") == 1
    assert "and 192 more hosts" in text
    assert "node-199" not in text
    assert "node-199" in shown(failing(200), cut=False)


def test_one_more_is_named_rather_than_counted() -> None:
    assert "more host" not in shown(failing(9))
    assert "and 2 more hosts" in " ".join(shown(failing(10)).split())


def test_a_host_out_of_reach_is_said_once(record: RunRecord) -> None:
    assert shown(record).count("timed out") == 1


def test_a_host_cannot_steer_the_terminal(record: RunRecord) -> None:
    for text in (shown(record), shown(record, cut=False), render(record)):
        assert not set(text) & set("\x00\x07\r\x1b\u202e\u2066\u200b\x9b")
        assert "[bold]markup[/bold] :smile:" in " ".join(text.split())
        assert "\\x1b[31mred" in text


def test_colour_only_where_it_is_wanted(record: RunRecord, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "\x1b[31m" in shown(record, colour=True)
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[31m" not in shown(record, colour=True)


def test_ascii_where_the_terminal_knows_no_more(record: RunRecord) -> None:
    odd = replace(record, run=sample.run(operator="jürgen"))
    text = shown(odd, encoding="ascii")
    assert text.isascii()
    assert "j\\xfcrgen" in text
    assert "x critical  account-empty" in text


@pytest.mark.parametrize("state", [RunState.INTERRUPTED, RunState.FAILED, RunState.RUNNING])
def test_a_run_that_is_not_complete_says_so_first(record: RunRecord, state: RunState) -> None:
    text = shown(replace(record, run=sample.run(state=state)))
    assert f"This run is {state}, not complete." in text
    assert "not complete" not in shown(record)


def test_failed_tasks_are_named(record: RunRecord) -> None:
    text = shown(record)
    assert "5 changes on 4 hosts" in text
    assert "failed  logging : Start forwarding" in text


def test_an_empty_run_is_no_success() -> None:
    text = shown(RunRecord(sample.run(), (), (), (), {}))
    assert "score — of what was judged, coverage —" in text
