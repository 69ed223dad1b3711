"""JSON: the whole run for other programs, in the shape of `opsharden-run-1.schema.json`."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from opsharden.model import Control, Finding, HostStatus, Observation, Run, RunRecord, Verdict
from opsharden.report.score import Tally, all_findings, control_of, summarise

SCHEMA = "opsharden-run/1"
"""Names the shape. A number higher up means that something was removed or changed its meaning; additions keep it."""

Json = dict[str, Any]


def render(record: RunRecord) -> str:
    """The run as one JSON document: keys sorted, findings by host and control, the same text for the same run."""
    whole = {
        "schema": SCHEMA,
        "run": _run(record.run),
        "population": _population(record),
        "summary": _summary(record),
        "controls": {control.id: _control(control) for control in record.controls.values()},
        "findings": [_finding(finding, record.controls) for finding in all_findings(record)],
        "changes": [
            {
                "host": change.host,
                "role": change.role,
                "task": change.task,
                "status": change.status.value,
                "message": change.message,
            }
            for change in record.changes
        ],
        "observations": {digest: _observation(seen) for digest, seen in record.observations.items()},
    }
    text = json.dumps(whole, indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False)
    # A lone surrogate cannot be written as UTF-8; JSON has an escape for it, and only for it is it needed.
    return text.encode("utf-8", "backslashreplace").decode() + "\n"


def _run(run: Run) -> Json:
    return {
        "id": run.id,
        "verb": run.verb,
        "state": run.state.value,
        "started_at": _time(run.started_at),
        "ended_at": _time(run.ended_at) if run.ended_at else None,
        "operator": run.operator,
        "control_node": run.control_node,
        "command": run.command,
        "version": run.version,
        "inventory_digest": run.inventory_digest,
        "content_digest": run.content_digest,
        "profiles": list(run.profiles),
        "exit_code": run.exit_code,
        "parent": run.parent,
    }


def _population(record: RunRecord) -> Json:
    members = sorted(record.members, key=lambda member: member.host)
    count = {status.value: sum(member.status is status for member in members) for status in HostStatus}
    return {
        "targeted": len(members),
        **count,
        "members": [
            {"host": member.host, "status": member.status.value, "reason": member.reason} for member in members
        ],
    }


def _summary(record: RunRecord) -> Json:
    summary = summarise(record)
    return {
        **_tally(summary.whole),
        "by_severity": {severity.value: _tally(tally) for severity, tally in summary.severities.items()},
        "by_role": {role: _tally(tally) for role, tally in summary.roles.items()},
        "by_host": {host: _tally(tally) for host, tally in summary.hosts.items()},
    }


def _tally(tally: Tally) -> Json:
    return {
        "verdicts": {verdict.value: tally.of(verdict) for verdict in Verdict},
        "total": tally.total,
        "looked": tally.looked,
        "score": _ratio(tally.score),
        "coverage": _ratio(tally.coverage),
    }


def _control(control: Control) -> Json:
    return {
        "id": control.id,
        "title": control.title,
        "why": control.why,
        "severity": control.severity.value,
        "role": control.role,
        "level": control.level,
        "risk": control.risk.value,
        "references": {catalogue: list(numbers) for catalogue, numbers in control.references.items()},
    }


def _finding(finding: Finding, controls: Mapping[str, Control]) -> Json:
    control = control_of(controls, finding.control)
    return {
        "host": finding.host,
        "control": finding.control,
        "role": control.role,
        "severity": control.severity.value,
        "verdict": finding.verdict.value,
        "observed": finding.observed,
        "expected": finding.expected,
        "reason": finding.reason,
        "by_hand": finding.by_hand,
        "observations": list(finding.observations),
        "seconds": round(finding.seconds, 6),
    }


def _observation(observation: Observation) -> Json:
    return {
        "host": observation.host,
        "command": observation.command,
        "rc": observation.rc,
        "stdout": _output(observation.stdout),
        "stderr": _output(observation.stderr),
        "taken_at": _time(observation.taken_at),
        "seconds": round(observation.seconds, 6),
        "truncated": observation.truncated,
        "native": observation.native,
    }


def _output(data: bytes) -> Json:
    """Raw bytes without loss: as text where they are UTF-8, else in base64, and which of the two is said."""
    try:
        return {"encoding": "utf-8", "data": data.decode()}
    except UnicodeDecodeError:
        return {"encoding": "base64", "data": b64encode(data).decode()}


def _time(when: datetime) -> str:
    """RFC 3339, UTC."""
    return when.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _ratio(ratio: float | None) -> float | None:
    return None if ratio is None else round(ratio, 6)
