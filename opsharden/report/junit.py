"""JUnit XML: for CI systems that show tests. A test suite per host, a test case per control.

Lossy on purpose: the format knows no severity, no coverage and no observation. The JSON report has them all.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import groupby
from xml.etree import ElementTree as ET

from opsharden.findings import hosts_of, in_order, unseen
from opsharden.model import Finding, HostStatus, Member, RunRecord, Verdict, control_of
from opsharden.report import lines
from opsharden.report.format import one_file
from opsharden.visible import visible

_OUTCOME = {
    Verdict.FAIL: "failure",
    Verdict.ERROR: "error",
    Verdict.UNREACHABLE: "error",
    Verdict.NOT_APPLICABLE: "skipped",
}
_COUNTED = {"failures": "failure", "errors": "error", "skipped": "skipped"}


def render(record: RunRecord) -> str:
    """The whole text; see `pieces`."""
    return "".join(pieces(record))


def pieces(record: RunRecord) -> Iterator[str]:
    """The run as JUnit XML: fail becomes failure, error and unreachable become error, not_applicable skipped.

    A host that was not looked at is a suite with one test case, in error.
    """
    root = ET.Element("testsuites", name=visible(f"opsharden {record.run.verb} {record.run.id}"))
    _whole(root, record)
    opening = ET.tostring(root, encoding="unicode").removesuffix(" />")
    yield f'<?xml version="1.0" encoding="UTF-8"?>\n{opening}>\n'
    for suite in _suites(record):
        _count(suite)
        ET.indent(suite, level=1)
        yield f"  {ET.tostring(suite, encoding='unicode')}\n"
    yield "</testsuites>\n"


def _suites(record: RunRecord) -> Iterator[ET.Element]:
    """One for each host, by name."""
    others = sorted(_without_findings(record), key=lambda member: member.host)
    for host, findings in groupby(in_order(record.findings), key=lambda finding: finding.host):
        while others and others[0].host < host:
            yield _whole_host(record, others.pop(0))
        suite = _suite(record, host)
        for finding in findings:
            _case(suite, record, finding)
        yield suite
    for member in others:
        yield _whole_host(record, member)


def _without_findings(record: RunRecord) -> Iterable[Member]:
    seen = hosts_of(record.findings)
    lost = {member.host: member for member in unseen(record)}
    return (lost.get(member.host, member) for member in record.members if member.host not in seen)


def _suite(record: RunRecord, host: str) -> ET.Element:
    run = record.run
    started = f"{run.started_at:%Y-%m-%dT%H:%M:%S}"
    suite = ET.Element("testsuite", name=visible(host), hostname=visible(host), timestamp=started)
    properties = ET.SubElement(suite, "properties")
    facts = {
        "run": run.id,
        "state": run.state,
        "profiles": " ".join(run.profiles),
        "inventory_digest": run.inventory_digest,
        "content_digest": run.content_digest,
    }
    for name, value in facts.items():
        ET.SubElement(properties, "property", name=name, value=visible(value))
    return suite


def _case(suite: ET.Element, record: RunRecord, finding: Finding) -> None:
    control = control_of(record.controls, finding.control)
    name = f"{control.id}: {control.title}"
    case = ET.SubElement(
        suite, "testcase", classname=visible(control.role), name=visible(name), time=f"{finding.seconds:.3f}"
    )
    if finding.verdict is Verdict.PASS:
        return
    outcome = ET.SubElement(case, _OUTCOME[finding.verdict], message=visible(_message(finding)))
    if finding.verdict is not Verdict.NOT_APPLICABLE:
        outcome.set("type", finding.verdict)
        outcome.text = visible("\n".join(_lines(finding)))


def _message(finding: Finding) -> str:
    """One line: what a CI system shows in its list."""
    told = lines.paired(finding.observed, finding.expected) if finding.verdict is Verdict.FAIL else ()
    whole = "; ".join(line.sentence for line in told) or finding.reason or finding.verdict.replace("_", " ")
    return " ".join(whole.split())[:300]


def _lines(finding: Finding) -> Iterator[str]:
    yield from (line.sentence for line in lines.paired(finding.observed, finding.expected))
    if finding.verdict is Verdict.FAIL:
        if finding.by_apply:
            yield f"fix: {lines.apply_command(finding.control, [finding.host])}"
        yield from (f"by hand: {sentence}" for sentence in lines.sentences(finding.by_hand, finding.by_apply))
    if finding.reason:
        yield finding.reason


def _whole_host(record: RunRecord, member: Member) -> ET.Element:
    """A host without findings: green only if it was tested and there was nothing to judge."""
    suite = _suite(record, member.host)
    if member.status is HostStatus.TESTED:
        return suite
    case = ET.SubElement(suite, "testcase", classname="population", name=member.status.value, time="0.000")
    outcome = "error" if member.status is HostStatus.UNREACHABLE else "skipped"
    told = ET.SubElement(case, outcome, message=visible(member.reason or member.status.value))
    if member.controls:
        told.text = f"not looked at: {len(member.controls)} controls"
    return suite


def _count(suite: ET.Element) -> None:
    """Write the totals from what is in the suite, so that they are right."""
    cases = list(suite.iter("testcase"))
    suite.set("tests", str(len(cases)))
    for attribute, tag in _COUNTED.items():
        suite.set(attribute, str(sum(1 for _ in suite.iter(tag))))
    suite.set("time", f"{sum(float(case.get('time', '0')) for case in cases):.3f}")


def _whole(root: ET.Element, record: RunRecord) -> None:
    """Write the totals of all suites, which are not all at hand at once."""
    found: Counter[str] = Counter()
    seconds = 0.0
    for finding in record.findings:
        found["tests"] += 1
        found[_OUTCOME.get(finding.verdict, "")] += 1
        seconds += round(finding.seconds, 3)
    for member in _without_findings(record):
        if member.status is not HostStatus.TESTED:
            found["tests"] += 1
            found["error" if member.status is HostStatus.UNREACHABLE else "skipped"] += 1
    root.set("tests", str(found["tests"]))
    for attribute, tag in _COUNTED.items():
        root.set(attribute, str(found[tag]))
    root.set("time", f"{seconds:.3f}")


FORMAT = one_file("junit", pieces)
