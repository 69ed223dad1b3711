"""The cases of the roles on live hosts, many at once: each case has a host of its own, as new."""

from __future__ import annotations

import json
import os
import subprocess
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
from opsharden.lab import LabSpec, Suite
from opsharden.model import Finding
from opsharden.workflows.values import is_note
from tests.conftest import Project, ready
from tests.field.cases import HOST, Case, Recording, record, words
from tests.field.images import fetched

AT_ONCE = int(os.environ.get("FIELD_HOSTS", "8"))
"""Hosts of each release at the same time."""
WITH_HUB = ("monitoring", "backup")
BROKEN = (AssertionError, LabError, subprocess.TimeoutExpired)


@dataclass(frozen=True)
class Outcome:
    """What became of one case. Texts are what failed; empty where all went well."""

    before: Finding
    after: Finding
    harm: str = ""
    again: Sequence[Mapping[str, Any]] = ()


class Unplayed(str):
    """Why a case could not be played out."""

    __slots__ = ()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--record", action="store_true", help="Keep what the hosts answer in tests/recorded.")


@pytest.fixture(scope="session")
def images(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[Suite, str]]:
    """What the hosts of all rounds start from."""
    with fetched(tmp_path_factory.mktemp("images")) as found:
        yield found


@pytest.fixture(scope="session")
def outcomes(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, images: Mapping[Suite, str]
) -> dict[str, Outcome | Unplayed]:
    """All chosen cases, played out in rounds."""
    chosen = [item.callspec.params["case"] for item in request.session.items if "outcomes" in item.fixturenames]  # type: ignore[attr-defined]
    came: dict[str, Outcome | Unplayed] = {}
    for number, round_ in enumerate(_rounds(chosen)):
        hub = any(case.role in WITH_HUB for case in round_)
        sizes = {release: sum(case.release == release for case in round_) for release in (12, 13)}
        spec = LabSpec(
            id=f"field{os.getpid()}-{number}",
            debian12=sizes[12],
            debian13=sizes[13],
            hub=hub,
            images=images,
            directory=tmp_path_factory.mktemp("lab"),
        )
        with labs.up(spec, raise_inotify_limit=True) as lab:
            play = _Round(ready(lab, tmp_path_factory.mktemp("project")), round_)
            try:
                came.update(play.outcomes())
            except BROKEN as error:  # the other rounds are played none the less
                came.update({case.name: Unplayed(error) for case in round_})
        if request.config.getoption("--record"):  # at once, so that a round that breaks loses nothing but itself
            record(play.recordings)
    return came


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
        self._unplayed: dict[str, Unplayed] = {}
        number = {12: 0, 13: 0}
        self._hosts: dict[str, Case] = {}
        for case in cases:
            number[case.release] += 1
            self._hosts[f"deb{case.release}-{number[case.release]}"] = case
        self._declare()

    def outcomes(self) -> dict[str, Outcome | Unplayed]:
        applied = [host for host, case in self._hosts.items() if case.entry.on == "applied"]
        if applied:
            self._project.run("apply", "-l", ",".join(applied), timeout=1800)
        with ThreadPoolExecutor(AT_ONCE) as pool:
            self._unplayed = {case.name: why for case, why in pool.map(self._prepare, self._hosts.items()) if why}
        before = self._look("verify", "before")
        after = self._look("apply", "after")
        harm = {host: self._harm(host, case) for host, case in self._hosts.items()}
        again = self._project.run("apply", "--all", "-l", ",".join(self._hosts), "-o", "json", timeout=1800)
        changes = json.loads(again.stdout)["changes"] if again.stdout else [{"host": host} for host in self._hosts]
        for host, case in self._hosts.items():
            if host not in before or host not in after:
                self._unplayed.setdefault(case.name, Unplayed(f"{host} was not looked at"))
        played = {
            case.name: Outcome(
                before[host], after[host], harm[host], [change for change in changes if change["host"] == host]
            )
            for host, case in self._hosts.items()
            if case.name not in self._unplayed
        }
        return {**played, **self._unplayed}

    def _prepare(self, chosen: tuple[str, Case]) -> tuple[Case, Unplayed]:
        host, case = chosen
        for place, script in ((host, case.entry.given), ("hub", case.entry.at_hub)):
            if script:
                try:
                    self._project.exec(place, f"set -e\nasset={host}\n{script}")
                except BROKEN as error:
                    return case, Unplayed(error)
        return case, Unplayed()

    def _declare(self) -> None:
        """Each host declares a profile of its one control, and the case's values; `gone` is a host nobody reaches."""
        path = self._project.path
        (path / "profiles").mkdir()
        hosts: dict[str, Any] = {"gone": {"ansible_host": "127.0.0.1", "ansible_port": 1, "opsharden_profiles": []}}
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
            if case.name in self._unplayed or host not in found:
                continue
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
