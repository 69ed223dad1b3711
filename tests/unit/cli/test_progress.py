from __future__ import annotations

import io

import pytest
from rich.console import Console

from opsharden.cli.progress import Progress
from opsharden.model import ChangeStatus, Finding, HostStatus, Member, Verdict
from opsharden.play import HostResult, Notice
from opsharden.workflows.progress import Prepared, Stage
from opsharden.workflows.scan import ScanResult
from opsharden.workflows.timings import Timings


def refused(name: str, why: str = "refused") -> ScanResult:
    return ScanResult(Member(name, HostStatus.UNREACHABLE, f"{name} {why}", f"The host {why}"), (), Timings(name, 0.0))


def looked(name: str, *verdicts: Verdict) -> ScanResult:
    found = tuple(Finding(name, f"c{number}", verdict) for number, verdict in enumerate(verdicts))
    return ScanResult(Member(name, HostStatus.TESTED), found, Timings(name, 0.0))


def said(hosts: list[ScanResult]) -> list[str]:
    text = io.StringIO()
    with Progress(Console(file=text, width=300)) as progress:
        progress(Stage("Verifying", len(hosts), scans=True))
        for host in hosts:
            progress(host)
    first, *lines = text.getvalue().splitlines()
    assert first == f"— Verifying: {len(hosts)} hosts".replace(" 1 hosts", " 1 host")
    return lines


def test_a_small_fleet_gets_a_line_for_each_host() -> None:
    lines = said([refused("a"), refused("b"), looked("c", Verdict.FAIL, Verdict.PASS)])
    assert lines == ["a: a refused", "b: b refused", "c: 1 of 2 fail"]


def test_ten_thousand_that_fail_get_a_line_for_each_cause_and_one_now_and_then() -> None:
    hosts = [refused(f"n{number}", ("refused", "timed out")[number % 2]) for number in range(10_000)]
    lines = said(hosts)
    assert lines[:2] == ["n0: n0 refused", "n1: n1 timed out"]
    assert lines[2] == "500 of 10,000 hosts: 0 with findings, 500 unreachable"
    assert lines[-1] == "10,000 of 10,000 hosts: 0 with findings, 10,000 unreachable"
    assert len(lines) == 22


@pytest.mark.parametrize("total", [101, 119, 250])
def test_the_last_word_is_on_all_of_them(total: int) -> None:
    lines = said([looked(f"n{number}", Verdict.PASS) for number in range(total)])
    assert lines[-1] == f"{total} of {total} hosts: 0 with findings, 0 unreachable"
    assert len(lines) <= 27


def test_causes_that_never_end_do_not_fill_the_screen() -> None:
    assert len(said([refused(f"n{number}", f"said {number}") for number in range(1000)])) <= 41


def test_what_a_host_says_cannot_look_like_a_line_of_ours() -> None:
    assert said([refused("a", "said\nb: 0 of 40 fail\r")]) == ["a: a said b: 0 of 40 fail"]


def test_what_ansible_did_is_told_where_it_did_something() -> None:
    text = io.StringIO()
    with Progress(Console(file=text, width=300)) as progress:
        progress(Stage("Applying 1 control", 1))
        progress(HostResult("a", "ssh", "Look", ChangeStatus.OK))
        progress(HostResult("a", "ssh", "Write", ChangeStatus.CHANGED, "Changed\nx."))
        progress(HostResult("a", "", "Run Ansible", ChangeStatus.FAILED))
        progress(Notice("warning", "nothing"))
        progress(Prepared("b", "ok"))
    assert text.getvalue().splitlines() == [
        "— Applying 1 control: 1 host",
        "a: changed: ssh: Write: Changed x.",
        "a: failed: Run Ansible",
        "b: ok",
    ]
