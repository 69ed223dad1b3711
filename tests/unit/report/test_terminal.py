from __future__ import annotations

import io
from dataclasses import replace

import pytest
from rich.cells import cell_len
from rich.console import Console

from opsharden.model import Change, ChangeStatus, Finding, HostStatus, Member, RunRecord, RunState, Verdict
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


def one(finding: Finding, *, cut: bool = True, width: int = 100) -> str:
    """The page of a run with a single finding, each run of spaces as one."""
    members = (Member(finding.host, HostStatus.TESTED),)
    return shown(RunRecord(sample.run(), members, (finding,), (), sample.controls()), cut=cut, width=width)


def words(text: str) -> str:
    return " ".join(text.split())


def test_it_says_what_what_it_is_what_it_should_be_and_where() -> None:
    finding = Finding(
        "web1",
        "ssh-no-root",
        Verdict.FAIL,
        "PermitRootLogin: yes (/etc/ssh/sshd_config:12)\nUsePAM: no",
        "PermitRootLogin: no\nUsePAM: yes",
    )
    text = words(one(finding))
    first, second = "PermitRootLogin: yes, should be no (/etc/ssh/sshd_config:12)", "UsePAM: no, should be yes"
    assert f"found · {first} · {second} fix" in text
    assert "fix opsharden apply --control ssh-no-root -l web1" in text


def test_a_fix_is_offered_only_where_apply_brings_it_about() -> None:
    left = "/etc/ssh/sshd_config:12 is in a Match block of yours: remove it there."
    some = Finding("web1", "ssh-no-root", Verdict.FAIL, "a: 1\nb: 1", "a: 2\nb: 2", by_hand=left)
    text = words(one(some))
    assert "fix opsharden apply --control ssh-no-root -l web1" in text
    assert f"by hand {left}" in text
    for hand in (left, ""):
        text = words(one(replace(some, by_hand=hand, by_apply=False)))
        assert "opsharden apply" not in text
        assert f"by hand {hand or 'Apply does not change this.'}" in text


@pytest.mark.parametrize(("observed", "expected"), [("", "no"), ("yes", ""), ("", "")])
def test_no_line_is_empty_or_says_nothing(observed: str, expected: str) -> None:
    text = one(Finding("web1", "ssh-no-root", Verdict.FAIL, observed, expected))
    assert "nothing" not in text
    for line in text.splitlines():
        assert line.split() not in (["is"], ["should", "be"], ["reason"], ["by", "hand"], ["found"], ["message"])
    assert ("is empty" in words(text)) is (not observed and bool(expected))


def test_what_is_long_is_cut_and_the_rest_is_an_option_away() -> None:
    observed = "\n".join(f"key {number}: {'x' * 500}" for number in range(20))
    expected = "\n".join(f"key {number}: y" for number in range(20))
    finding = Finding("web1", "ssh-no-root", Verdict.FAIL, observed, expected)
    short, whole = one(finding), one(finding, cut=False)
    assert "… 14 more lines: -v" in short
    assert "260 more characters: -v" in words(short)
    assert "key 19" not in short
    assert len(short) < len(whole) / 2
    assert "key 19" in whole
    assert "-v" not in whole
    assert whole.count("x") >= 20 * 500


def test_notes_of_what_changed_and_what_was_not_done_are_told_and_the_rest_is_counted() -> None:
    changes = (
        Change("a", "services", "Remove clients", ChangeStatus.CHANGED, "Removed: telnet, also: inetutils-telnet"),
        Change("a", "ssh", "Write settings", ChangeStatus.CHANGED),
        Change("a", "accounts", "Lock", ChangeStatus.OK, "Left as it is: bob"),
        Change("b", "", "Nothing was changed", ChangeStatus.FAILED, "Another run has it: 20261124-1."),
    )
    members = (Member("a", HostStatus.UNREACHABLE, "gone", "", ("ssh-grace",)), Member("b", HostStatus.TESTED))
    record = RunRecord(sample.run(verb="apply"), members, (), changes, sample.controls())
    lines = shown(record).splitlines()
    start = lines.index("2 changes on 1 host, 1 task not done")
    told = [words(line) for line in lines[start:]]
    assert told[1:4] == ["failed Nothing was changed", "host b", "message Another run has it: 20261124-1."]
    assert "changed services : Remove clients" in told
    assert "message Removed: telnet, also: inetutils-telnet" in told
    assert "ok accounts : Lock" in told
    assert "changed ssh : Write settings" not in told
    assert "! touched, and could not be looked at again: a" in told


def test_ten_thousand_hosts_out_of_reach_are_a_few_lines() -> None:
    ids = tuple(sample.controls())
    lost = tuple(
        Member(f"n{n:05}", HostStatus.UNREACHABLE, f"n{n:05} cannot be reached", "The host cannot be reached", ids)
        for n in range(10_000)
    )
    text = shown(RunRecord(sample.run(), lost, (), (), sample.controls()))
    assert len(text.splitlines()) < 40
    assert "The host cannot be reached" in text
    assert "and 9,992 more hosts" in words(text)
    assert "not seen all 45 controls" in words(text)


def test_what_the_run_came_to_is_said_in_a_word(record: RunRecord) -> None:
    assert "exit code 4: incomplete" in shown(record)
