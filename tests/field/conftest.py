"""The cases of the roles on live hosts, many at once: each case has a host of its own, as new."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from opsharden import lab as labs
from opsharden.errors import LabError
from opsharden.evidence import Store
from opsharden.lab import Lab, LabSpec
from opsharden.model import Finding
from opsharden.workflows.values import is_note
from tests.conftest import Project, ready
from tests.field.cases import HOST, Case, Recording, record, words

AT_ONCE = int(os.environ.get("FIELD_HOSTS", "8"))
"""Hosts of each release at the same time."""
PATIENCE = 1800
"""Seconds to wait for room on the machine."""
WITH_HUB = ("monitoring", "backup")


@dataclass(frozen=True)
class Outcome:
    """What became of one case. Texts are what failed; empty where all went well."""

    before: Finding
    after: Finding
    harm: str = ""
    again: Sequence[Mapping[str, Any]] = ()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--record", action="store_true", help="Keep what the hosts answer in tests/recorded.")


@pytest.fixture(scope="session")
def outcomes(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Outcome]:
    """All chosen cases, played out in rounds."""
    chosen = [item.callspec.params["case"] for item in request.session.items if "outcomes" in item.fixturenames]  # type: ignore[attr-defined]
    came: dict[str, Outcome] = {}
    for number, round_ in enumerate(_rounds(chosen)):
        hub = any(case.role in WITH_HUB for case in round_)
        sizes = {release: sum(case.release == release for case in round_) for release in (12, 13)}
        spec = LabSpec(
            id=f"field{os.getpid()}-{number}",
            debian12=sizes[12],
            debian13=sizes[13],
            hub=hub,
            directory=tmp_path_factory.mktemp("lab"),
        )
        with _room_for(spec) as lab:
            play = _Round(ready(lab, tmp_path_factory.mktemp("project")), round_)
            came.update(play.outcomes())
        if request.config.getoption("--record"):  # at once, so that a round that breaks loses nothing but itself
            record(play.recordings)
    return came


def _room_for(spec: LabSpec) -> Lab:
    """A lab, once the machine has room for it: others may have hosts of their own."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            return labs.up(spec)
        except LabError as error:
            if "inotify" not in error.message or time.monotonic() > deadline:
                raise
            time.sleep(5)


def _rounds(cases: Sequence[Case]) -> Iterator[list[Case]]:
    """Cases that share a lab: those that need a hub together, and of each release no more than fit."""
    for needs_hub in (False, True):
        alike = [case for case in cases if (case.role in WITH_HUB) is needs_hub]
        waiting = {release: [case for case in alike if case.release == release] for release in (12, 13)}
        while any(waiting.values()):
            yield [case for each in waiting.values() for case in each[:AT_ONCE]]
            waiting = {release: each[AT_ONCE:] for release, each in waiting.items()}


class _Round:
    """Some cases in one project, each on its host."""

    def __init__(self, project: Project, cases: Sequence[Case]) -> None:
        self._project = project
        self.recordings: list[Recording] = []
        number = {12: 0, 13: 0}
        self._hosts: dict[str, Case] = {}
        for case in cases:
            number[case.release] += 1
            self._hosts[f"deb{case.release}-{number[case.release]}"] = case
        self._declare()

    def outcomes(self) -> dict[str, Outcome]:
        applied = [host for host, case in self._hosts.items() if case.entry.on == "applied"]
        if applied:
            self._project.run("apply", "-l", ",".join(applied), timeout=1800)
        with ThreadPoolExecutor(AT_ONCE) as pool:
            list(pool.map(self._prepare, self._hosts.items()))
        before = self._look("verify", "before")
        after = self._look("apply", "after")
        harm = {host: self._harm(host, case) for host, case in self._hosts.items()}
        again = self._project.run("apply", "--all", "-o", "json", timeout=1800)
        changes = json.loads(again.stdout)["changes"] if again.stdout else [{"host": host} for host in self._hosts]
        return {
            case.name: Outcome(
                before[host], after[host], harm[host], [change for change in changes if change["host"] == host]
            )
            for host, case in self._hosts.items()
        }

    def _prepare(self, chosen: tuple[str, Case]) -> None:
        host, case = chosen
        if case.entry.given:
            self._project.exec(host, f"set -e\n{case.entry.given}")

    def _declare(self) -> None:
        """Each host declares a profile of its one control, and the case's values."""
        path = self._project.path
        (path / "profiles").mkdir()
        hosts = {}
        for host, case in self._hosts.items():
            profile = {"name": f"case-{host}", "title": case.entry.case, "controls": [case.control]}
            (path / "profiles" / f"{host}.yml").write_text(yaml.safe_dump(profile))
            hosts[host] = {"opsharden_profiles": [f"case-{host}"], **case.entry.values}
        (path / "inventory" / "zz-cases.yml").write_text(yaml.safe_dump({"all": {"hosts": hosts}}))
        settings = (path / "opsharden.toml").read_text(encoding="utf-8")
        sources = settings.replace('/hosts.yml"]', '/hosts.yml", "inventory/zz-cases.yml"]')
        (path / "opsharden.toml").write_text(f'profile_dirs = ["profiles"]\n{sources}', encoding="utf-8")

    def _look(self, verb: str, when: str) -> dict[str, Finding]:
        hosts = ",".join(self._hosts)
        done = self._project.run(verb, "-l", hosts, "-o", "json:out.json", timeout=1800)
        assert done.returncode in (0, 3, 4), done.stdout[-3000:] + done.stderr[-3000:]
        with Store.open(str(self._project.path / ".opsharden" / "evidence.db"), create=False) as store:
            run = json.loads(Path(self._project.path, "out.json").read_text())["run"]["id"]
            record_, observed = store.record(run), store.observed(run)
        found = {finding.host: finding for finding in record_.findings}
        for host, case in self._hosts.items():
            finding = found[host]
            says = tuple(case.entry.says if when == "before" else case.entry.then_says)
            stands_on = [
                replace(seen, host=HOST if seen.host == host else seen.host)
                for seen in observed.get(host, ())
                if seen.digest in finding.observations or is_note(seen)
            ]
            self.recordings.append(
                Recording(case.role, case.name, when, case.control, str(finding.verdict), says, tuple(stands_on))
            )
        return found

    def _harm(self, host: str, case: Case) -> str:
        if not case.entry.keeps:
            return ""
        answer = self._project.lab.exec(host, f"set -e\n{case.entry.keeps}")
        return f"{answer.stdout}{answer.stderr}" or "failed" if answer.returncode else ""


def told(finding: Finding) -> str:
    """A finding for the reader of a failed test."""
    return f"{finding.verdict}: {words(finding)}"
