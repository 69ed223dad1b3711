from __future__ import annotations

import json
import subprocess
from collections import defaultdict
from pathlib import Path

import pytest

from opsharden.evidence import Store
from opsharden.model import Finding, HostStatus, Member, Observation, RunState
from tests.unit.calling import opsharden
from tests.unit.report import sample


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder whose evidence holds the sample run."""
    record = sample.record()
    findings: dict[str, list[Finding]] = defaultdict(list)
    observations: dict[str, list[Observation]] = defaultdict(list)
    for finding in record.findings:
        findings[finding.host].append(finding)
        observations[finding.host] += [record.observations[digest] for digest in finding.observations]
    with Store.open(tmp_path / ".opsharden" / "evidence.db") as store:
        run = store.begin(sample.run(state=RunState.RUNNING, ended_at=None, exit_code=None))
        store.add_controls(run.id, record.controls.values())
        store.add_members(run.id, record.members)
        for member in record.members:
            if member.status is not HostStatus.EXCLUDED:
                store.add_host(run.id, member, findings[member.host], observations[member.host])
        store.add_changes(run.id, record.changes)
        ended = record.run.ended_at
        assert ended is not None
        store.finish(run.id, RunState.COMPLETE, 4, ended)
    return tmp_path


def convert(project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return opsharden("convert", *arguments, folder=project)


def test_a_filed_run_in_several_formats_at_once(project: Path) -> None:
    result = convert(project, "20261124", "-o", "json", "html:report.html", "csv:report.csv")
    assert (result.returncode, result.stderr.splitlines()) == (
        0,
        ["written to: report.html", "written to: report.csv"],
    )
    document = json.loads(result.stdout)
    record = sample.record()
    assert document["summary"]["verdicts"] == dict(sample.by_verdict(record.findings))
    assert set(document["observations"]) == set(record.observations)
    page = (project / "report.html").read_text(encoding="utf-8")
    assert all(digest in page for digest in record.observations)


def test_an_unknown_run_is_a_sentence_and_writes_nothing(project: Path) -> None:
    result = convert(project, "1999", "-o", "json:old.json")
    assert result.returncode == 2
    assert "Traceback" not in result.stderr
    assert not (project / "old.json").exists()


def test_members_of_the_population_are_kept(project: Path) -> None:
    population = json.loads(convert(project, "latest", "-o", "json").stdout)["population"]
    assert Member(sample.EXCLUDED, HostStatus.EXCLUDED, "Excluded by --limit '!legacy'.") in [
        Member(found["host"], HostStatus(found["status"]), found["reason"]) for found in population["members"]
    ]
