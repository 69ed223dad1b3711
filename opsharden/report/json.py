"""JSON: the whole run for other programs, in the shape of `opsharden-run-1.schema.json`."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from opsharden.findings import in_order, unseen
from opsharden.model import Control, Finding, HostStatus, Member, Observation, Run, RunRecord, Verdict, control_of
from opsharden.model.plain import plain
from opsharden.report.format import one_file
from opsharden.report.score import Tally, summarise
from opsharden.visible import visible

SCHEMA = "opsharden-run/1"
"""Names the shape. A number higher up means that something was removed or changed its meaning; additions keep it."""

Json = dict[str, Any]


# Control characters and the like, which JSON may hold as they are: whoever looks at the file in a terminal sees them.
_ACTING = re.compile(r"[^\x00-\x7e]")


def render(record: RunRecord) -> str:
    """The whole text; see `pieces`."""
    return "".join(pieces(record))


def pieces(record: RunRecord) -> Iterator[str]:
    """The run as one JSON document: keys sorted, findings by host and control, the same text for the same run."""
    lists: dict[str, Iterable[Json]] = {
        "changes": map(plain, record.changes),
        "findings": (_finding(finding, record.controls) for finding in in_order(record.findings)),
    }
    whole: dict[str, Callable[[], Any]] = {
        "controls": lambda: {control.id: plain(control) for control in record.controls.values()},
        "observations": lambda: {digest: _observation(seen) for digest, seen in record.observations.items()},
        "population": lambda: _population(record),
        "run": lambda: _run(record.run),
        "schema": lambda: SCHEMA,
        "summary": lambda: _summary(record),
    }
    between = "{\n "
    for key in sorted(lists.keys() | whole.keys()):
        yield f"{between}{json.dumps(key)}: "
        between = ",\n "
        if key in whole:
            yield _text(whole[key](), 1)
        else:
            yield from _list(lists[key])
    yield "\n}\n"


def _list(items: Iterable[Json]) -> Iterator[str]:
    """A list of which never more than one item is at hand."""
    between, end = "[\n  ", "[]"
    for item in items:
        yield between + _text(item, 2)
        between, end = ",\n  ", "\n ]"
    yield end


def _text(value: Any, depth: int) -> str:
    text = json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False)
    # What would act in a terminal, and a lone surrogate, which UTF-8 cannot hold: JSON has an escape for each.
    text = _ACTING.sub(_escaped, text)
    return text.replace("\n", "\n" + " " * depth)


def _escaped(found: re.Match[str]) -> str:
    return found[0] if visible(found[0]) == found[0] else json.dumps(found[0])[1:-1]


def _run(run: Run) -> Json:
    times = {"started_at": _time(run.started_at), "ended_at": _time(run.ended_at) if run.ended_at else None}
    return {**plain(run), **times}


def _population(record: RunRecord) -> Json:
    members = sorted(record.members, key=lambda member: member.host)
    count = {status.value: sum(member.status is status for member in members) for status in HostStatus}
    return {
        "targeted": len(members),
        **count,
        "members": [
            {"host": member.host, "status": member.status.value, "reason": member.reason} for member in members
        ],
        "not_looked_at": _not_looked_at(record),
    }


def _not_looked_at(record: RunRecord) -> list[Json]:
    """Hosts that were not looked at: those with one cause and the same controls together."""
    alike: dict[tuple[str, tuple[str, ...]], list[Member]] = {}
    for member in unseen(record):
        alike.setdefault((member.cause or member.reason, member.controls), []).append(member)
    return [
        {"cause": cause, "controls": list(controls), "hosts": sorted(member.host for member in members)}
        for (cause, controls), members in sorted(alike.items())
    ]


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


def _finding(finding: Finding, controls: Mapping[str, Control]) -> Json:
    control = control_of(controls, finding.control)
    of_it = {"role": control.role, "severity": control.severity.value, "seconds": round(finding.seconds, 6)}
    return {**plain(finding), **of_it}


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


FORMAT = one_file("json", pieces, observations=True)
