"""JUnit XML: for CI systems that show tests. A test suite per host, a test case per control.

Lossy on purpose: the format knows no severity, no coverage and no observation. The JSON report has them all.
"""

from __future__ import annotations

from collections import defaultdict
from xml.etree import ElementTree as ET

from opsharden.model import Finding, HostStatus, Member, RunRecord, Verdict
from opsharden.report.score import all_findings, control_of
from opsharden.report.text import visible

_OUTCOME = {
    Verdict.FAIL: "failure",
    Verdict.ERROR: "error",
    Verdict.UNREACHABLE: "error",
    Verdict.NOT_APPLICABLE: "skipped",
}
_COUNTED = {"failures": "failure", "errors": "error", "skipped": "skipped"}


def render(record: RunRecord) -> str:
    """The run as JUnit XML: fail becomes failure, error and unreachable become error, not_applicable skipped."""
    findings: dict[str, list[Finding]] = defaultdict(list)
    for finding in all_findings(record):
        findings[finding.host].append(finding)
    members = {member.host: member for member in record.members}
    root = ET.Element("testsuites", name=visible(f"opsharden {record.run.verb} {record.run.id}"))
    for host in sorted(members.keys() | findings.keys()):
        suite = _suite(root, record, host)
        for finding in findings[host]:
            _case(suite, record, finding)
        if host in members and not findings[host]:
            _whole_host(suite, members[host])
        _count(suite)
    _count(root)
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _suite(root: ET.Element, record: RunRecord, host: str) -> ET.Element:
    run = record.run
    started = f"{run.started_at:%Y-%m-%dT%H:%M:%S}"
    suite = ET.SubElement(root, "testsuite", name=visible(host), hostname=visible(host), timestamp=started)
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
        outcome.text = visible(f"observed: {finding.observed}\nexpected: {finding.expected}\n{finding.reason}".rstrip())


def _message(finding: Finding) -> str:
    """One line: what a CI system shows in its list."""
    if finding.verdict is Verdict.FAIL and (finding.observed or finding.expected):
        whole = f"observed {finding.observed}, expected {finding.expected}"
    else:
        whole = finding.reason or finding.verdict.replace("_", " ")
    return " ".join(whole.split())[:300]


def _whole_host(suite: ET.Element, member: Member) -> None:
    """A host without findings: green only if it was tested and there was nothing to judge."""
    if member.status is HostStatus.TESTED:
        return
    case = ET.SubElement(suite, "testcase", classname="population", name=member.status.value, time="0.000")
    outcome = "error" if member.status is HostStatus.UNREACHABLE else "skipped"
    ET.SubElement(case, outcome, message=visible(member.reason or member.status.value))


def _count(element: ET.Element) -> None:
    """Write the totals from what is in the file, so that they are right."""
    cases = list(element.iter("testcase"))
    element.set("tests", str(len(cases)))
    for attribute, tag in _COUNTED.items():
        element.set(attribute, str(sum(1 for _ in element.iter(tag))))
    element.set("time", f"{sum(float(case.get('time', '0')) for case in cases):.3f}")
