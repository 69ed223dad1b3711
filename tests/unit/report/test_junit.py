from __future__ import annotations

from dataclasses import replace
from xml.etree import ElementTree as ET

from opsharden.model import HostStatus, Member, RunRecord, Verdict
from opsharden.report.junit import render
from tests.unit.report import sample


def suites(record: RunRecord) -> dict[str, ET.Element]:
    return {suite.get("name", ""): suite for suite in ET.fromstring(render(record).encode()).iter("testsuite")}


def test_counts_agree_with_the_findings(record: RunRecord) -> None:
    root = ET.fromstring(render(record).encode())
    count = sample.by_verdict(record.findings)
    assert int(root.get("failures", "")) == count[Verdict.FAIL]
    assert int(root.get("errors", "")) == count[Verdict.ERROR] + count[Verdict.UNREACHABLE]
    # The excluded host is one more test case, skipped.
    assert int(root.get("skipped", "")) == count[Verdict.NOT_APPLICABLE] + 1
    assert int(root.get("tests", "")) == len(record.findings) + 1


def test_a_suite_per_host_and_a_case_per_control(record: RunRecord) -> None:
    found = suites(record)
    assert set(found) == {member.host for member in record.members}
    for host in sample.TESTED:
        names = [case.get("name", "").partition(":")[0] for case in found[host].iter("testcase")]
        assert sorted(names) == sorted(record.controls)


def test_each_verdict_becomes_its_element(record: RunRecord) -> None:
    element = {
        Verdict.PASS: [],
        Verdict.FAIL: ["failure"],
        Verdict.ERROR: ["error"],
        Verdict.UNREACHABLE: ["error"],
        Verdict.NOT_APPLICABLE: ["skipped"],
    }
    found = suites(record)
    for finding in record.findings:
        title = record.controls[finding.control].title
        name = f"{finding.control}: {title}"
        (case,) = [case for case in found[finding.host].iter("testcase") if case.get("name") == name]
        assert [child.tag for child in case] == element[finding.verdict]


def test_any_output_is_valid_xml(record: RunRecord) -> None:
    case = next(
        case
        for case in suites(record)[sample.NASTY_HOST].iter("testcase")
        if case.get("name", "").startswith("ssh-banner:")
    )
    failure = case.find("failure")
    assert failure is not None
    assert failure.text is not None
    assert "<script>window.pwned=1</script>" in failure.text
    assert "\\x1b[31mred" in failure.text
    assert "\\x00" in failure.text


def test_a_host_never_reached_is_never_green(record: RunRecord) -> None:
    lost = Member("lost", HostStatus.UNREACHABLE, "no route")
    nothing = replace(record, members=(lost,), findings=(), controls={})
    (case,) = suites(nothing)["lost"].iter("testcase")
    error = case.find("error")
    assert error is not None
    assert error.get("message") == "no route"


def test_times_are_kept(record: RunRecord) -> None:
    for host, suite in suites(record).items():
        seconds = sum(round(finding.seconds, 3) for finding in record.findings if finding.host == host)
        assert float(suite.get("time", "")) == round(seconds, 3)
