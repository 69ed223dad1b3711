"""Applies to this machine, by several names; Ansible is a script of the test's."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from opsharden import settings
from opsharden.errors import Interrupted, PlayError
from opsharden.evidence import Store
from opsharden.model import Change, ChangeStatus, ExitCode, Run, RunRecord, RunState, Trigger, TriggerKind, Verdict
from opsharden.play import PlayOutcome, PlayRequest, PlayStatus
from opsharden.workflows import playing
from opsharden.workflows.apply import ApplyOptions, apply
from opsharden.workflows.holding import Leases
from opsharden.workflows.progress import Event, Stage
from opsharden.workflows.targets import Choice, choose
from opsharden.workflows.workplace import Access, open_workplace

TRIGGER = Trigger(TriggerKind.SCHEDULE, "nightly", "opsharden verify")

FILES = {
    "opsharden.toml": 'inventory = ["hosts.yml"]\nroles = ["roles"]\nprofile_dirs = ["profiles"]\nprofiles = ["own"]\n',
    "hosts.yml": "all: {vars: {ansible_connection: local}, hosts: {a: {}, b: {}, c: {}}}\n",
    "profiles/own.yml": "{name: own, title: Ours, controls: [own-one, own-two]}\n",
    "roles/own/controls.yml": (
        "- {id: own-one, title: One, why: So., severity: high}\n- {id: own-two, title: Two, why: So., severity: high}\n"
    ),
    "roles/own/tasks/main.yml": "[]\n",
    "roles/own/defaults/main.yml": "{here: unset}\n",
    "roles/own/checks/test_own.py": (
        "import pytest\n\n\n"
        "@pytest.mark.parametrize('name', [pytest.param('one', marks=pytest.mark.control('own-one')),"
        " pytest.param('two', marks=pytest.mark.control('own-two'))])\n"
        "def test_it(host, values, name):\n"
        "    assert host.file(values['here'] + '/' + name).exists\n"
    ),
}


class Watcher:
    """Keeps the stages it is told of; at one with a certain title somebody presses Ctrl-C."""

    def __init__(self) -> None:
        self.stages: list[str] = []
        self.interrupted_at = ""

    def __call__(self, event: Event) -> None:
        if isinstance(event, Stage):
            if event.title == self.interrupted_at:
                raise KeyboardInterrupt
            self.stages.append(f"{event.title}: {event.hosts}")


class Project:
    """A project of three hosts, on which both controls fail."""

    def __init__(self, path: Path, store: Store) -> None:
        self._store = store
        for name, text in FILES.items():
            (path / name).parent.mkdir(parents=True, exist_ok=True)
            (path / name).write_text(text, encoding="utf-8")
        for host in "abc":
            (path / "state" / host).mkdir(parents=True)
            folder = path / "host_vars"
            folder.mkdir(exist_ok=True)
            (folder / f"{host}.yml").write_text(f"here: {path / 'state' / host}\n", encoding="utf-8")
        self._state = path / "state"
        self._place = open_workplace(settings.load(path), Access())
        self.watcher = Watcher()

    def fix(self, host: str, *names: str) -> None:
        for name in names:
            (self._state / host / name).touch()

    def apply(self, **options: Any) -> RunRecord:
        run = apply(
            self._place, choose(self._place, Choice()), self._store, TRIGGER, ApplyOptions(**options), self.watcher
        )
        return self._store.record(run)

    def runs(self, verb: str) -> tuple[Run, ...]:
        return self._store.runs(verb=verb)

    def last(self) -> RunRecord:
        return self._store.record(self._store.runs(limit=1, verb="apply")[0].id)


Script = Callable[[PlayRequest], PlayOutcome]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Project]:
    monkeypatch.setattr(Leases, "_ask", lambda *_: lambda: None)
    monkeypatch.setattr(playing, "end_orphans", lambda *_: ())
    with Store.open(tmp_path / "evidence.db") as store:
        yield Project(tmp_path, store)


@pytest.fixture
def ansible(monkeypatch: pytest.MonkeyPatch) -> Callable[[Script], list[PlayRequest]]:
    def use(script: Script) -> list[PlayRequest]:
        asked: list[PlayRequest] = []

        def run_play(request: PlayRequest, listen: object, *, cancel: object) -> PlayOutcome:
            asked.append(request)
            return script(request)

        monkeypatch.setattr(playing, "run_play", run_play)
        return asked

    return use


def done(changes: Sequence[Change] = (), **fields: Any) -> PlayOutcome:
    return PlayOutcome(PlayStatus.COMPLETE, tuple(changes), **fields)


def failure(host: str, role: str = "own") -> Change:
    return Change(host, role, "Breaks", ChangeStatus.FAILED, "no")


def verdicts(record: RunRecord) -> dict[str, list[Verdict]]:
    found: dict[str, list[Verdict]] = {}
    for finding in record.findings:
        found.setdefault(finding.host, []).append(finding.verdict)
    return found


def test_what_fails_is_brought_about_and_looked_at_again(project: Project, ansible: Any) -> None:
    project.fix("a", "one", "two")
    project.fix("b", "one")

    def script(request: PlayRequest) -> PlayOutcome:
        for host in request.hosts:
            project.fix(host, "one", "two")
        return done()

    asked = ansible(script)
    record = project.apply()
    assert record.run.exit_code == ExitCode.CLEAN
    assert {request.hosts: request.content.tags for request in asked} == {
        ("b",): ("own-two",),
        ("c",): ("own-one", "own-two"),
    }
    assert verdicts(record) == {host: [Verdict.PASS] * 2 for host in "abc"}
    assert project.watcher.stages[-1] == "Verifying again: 2"
    before = project.runs("verify")
    assert [(run.parent, run.trigger) for run in before] == [(record.run.id, TriggerKind.SCHEDULE)]


def test_a_failed_task_that_a_finding_tells_of_is_that_finding(project: Project, ansible: Any) -> None:
    def script(request: PlayRequest) -> PlayOutcome:
        for host in request.hosts:
            project.fix(host, "one")
        return done([failure(host) for host in request.hosts], failed=request.hosts)

    ansible(script)
    assert project.apply().run.exit_code == ExitCode.FINDINGS


def test_a_failed_task_that_no_finding_tells_of_leaves_it_incomplete(project: Project, ansible: Any) -> None:
    def script(request: PlayRequest) -> PlayOutcome:
        for host in request.hosts:
            project.fix(host, "one", "two")
        return done([failure("c")], failed=("c",))

    ansible(script)
    record = project.apply()
    assert record.run.exit_code == ExitCode.INCOMPLETE
    assert set(verdicts(record)["c"]) == {Verdict.PASS}


def test_a_host_that_ansible_could_not_log_in_to_is_incomplete_though_others_have_findings(
    project: Project, ansible: Any
) -> None:
    gone = Change("a", "own", "Looks", ChangeStatus.UNREACHABLE, "Permission denied")
    ansible(lambda request: done([gone], unreachable=("a",)))
    assert project.apply().run.exit_code == ExitCode.INCOMPLETE


def test_a_host_that_ansible_never_saw_is_incomplete(project: Project, ansible: Any) -> None:
    ansible(lambda request: done(missing=("b",)))
    record = project.apply()
    assert record.run.exit_code == ExitCode.INCOMPLETE
    assert set(verdicts(record)) == {"a", "b", "c"}


def test_hosts_are_looked_at_again_whatever_nobody_foresaw(project: Project, ansible: Any) -> None:
    def script(request: PlayRequest) -> PlayOutcome:
        project.fix("a", "one", "two")
        raise RuntimeError("a mistake")

    ansible(script)
    with pytest.raises(RuntimeError, match="a mistake"):
        project.apply()
    record = project.last()
    assert record.run.state is RunState.FAILED
    assert verdicts(record)["a"] == [Verdict.PASS, Verdict.PASS]
    assert project.watcher.stages[-1] == "Verifying again: 3"


def test_hosts_are_looked_at_again_where_ansible_died(project: Project, ansible: Any) -> None:
    def script(request: PlayRequest) -> PlayOutcome:
        project.fix("a", "one", "two")
        return PlayOutcome(PlayStatus.BROKEN, (failure("a"),), failed=("a",), reason="killed")

    ansible(script)
    record = project.apply()
    assert record.run.exit_code == ExitCode.INCOMPLETE
    assert verdicts(record)["a"] == [Verdict.PASS, Verdict.PASS]


def test_where_ansible_could_not_run_at_all_that_is_the_error_and_all_is_on_file(
    project: Project, ansible: Any
) -> None:
    def script(request: PlayRequest) -> PlayOutcome:
        raise PlayError("Ansible could not run: no.")

    ansible(script)
    with pytest.raises(PlayError, match=r"could not run: no\."):
        project.apply()
    record = project.last()
    assert verdicts(record) == {host: [Verdict.FAIL] * 2 for host in "abc"}
    assert {change.host for change in record.changes} == {"a", "b", "c"}


def test_ctrl_c_says_which_hosts_were_touched(project: Project, ansible: Any) -> None:
    project.fix("b", "one", "two")

    project.watcher.interrupted_at = "Verifying again"
    ansible(lambda request: done())
    with pytest.raises(Interrupted, match=r"touched and not looked at again: a, c\. The run .* is marked so"):
        project.apply()
    assert project.last().run.state is RunState.INTERRUPTED


def test_a_dry_run_touches_nothing_and_its_failures_count(project: Project, ansible: Any) -> None:
    asked = ansible(lambda request: done([failure("a", "greeting")], failed=("a",)))
    record = project.apply(check=True)
    assert all(request.check for request in asked)
    assert record.run.exit_code == ExitCode.INCOMPLETE
    assert not [stage for stage in project.watcher.stages if stage.startswith("Verifying again")]
