"""apply: verify, bring about what fails and nothing else, verify again what was touched."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Protocol

from opsharden.errors import Interrupted, PlayError
from opsharden.evidence import Store
from opsharden.model import ExitCode, Finding, HostStatus, RunRecord, Severity, Verdict
from opsharden.play import PlayEvent, PlayOutcome, PlayRequest, PlayStatus, run_play
from opsharden.report.score import judge_run
from opsharden.workflows.filing import Filed, filed
from opsharden.workflows.leftovers import end_leftovers
from opsharden.workflows.looking import Seen, look
from opsharden.workflows.needs import Batch, batches
from opsharden.workflows.requests import play_request
from opsharden.workflows.verify import failing, verify
from opsharden.workflows.workplace import Targets, Workplace


class Watcher(Protocol):
    """Told of what happens, in the main thread or the play's; for progress only."""

    def stage(self, title: str, hosts: int) -> None:
        """A new stage begins, over that many hosts."""

    def host(self, seen: Seen) -> None:
        """A host was looked at."""

    def event(self, event: PlayEvent) -> None:
        """Ansible did something."""


@dataclass(frozen=True)
class Manner:
    """How to apply.

    Attributes:
        everything: Every wanted control of every host, not only what fails.
        check: Ansible's check mode: say what would change, change nothing.
        fail_on: The weakest severity whose failures make the result `findings`.
    """

    everything: bool = False
    check: bool = False
    fail_on: Severity = Severity.LOW


def apply(place: Workplace, targets: Targets, store: Store, manner: Manner, watcher: Watcher) -> str:
    """Bring the targets to the wanted state.

    The look before is a verify run of its own; what the apply run itself files is the state after, and the changes.

    Returns:
        The run's id. Its exit code is the result.

    Raises:
        PlayError: Ansible could not be run at all.
        EvidenceError: It could not be filed.
        Interrupted: Ctrl-C; nothing is left running here or on the hosts.
    """
    with filed(store, "apply", place, targets) as run:
        watcher.stage("Verifying", len(targets.wanted))
        before = verify(place, targets, store, watcher.host, fail_on=manner.fail_on, parent=run.id)
        record = store.record(before)
        wanted = _reached(record, targets)
        needs = wanted if manner.everything else failing(record)
        todo = batches(needs, wanted, place.catalogue)
        lost = [outcome for batch in todo for outcome in _play(place, targets, batch, manner, run, watcher)]
        if not manner.check:
            hidden = _hidden(record, [host for batch in todo for host in batch.hosts])
            lost += _second_round(place, replace(targets, wanted=hidden, excluded=()), manner, run, watcher)
        touched = {} if manner.check else {h: targets.wanted[h] for batch in todo for h in batch.hosts}
        _carry(store, before, run, set(targets.wanted) - set(touched))
        if touched:
            watcher.stage("Verifying again", len(touched))
            look(place, replace(targets, wanted=touched, excluded=()), run, watcher.host)
        after = store.record(run.id)
        run.exit_code = judge_run(after.findings, after.members, after.controls, manner.fail_on)
        if lost:
            run.exit_code = ExitCode.INCOMPLETE
    return run.id


def _reached(record: RunRecord, targets: Targets) -> dict[str, tuple[str, ...]]:
    tested = {member.host for member in record.members if member.status is HostStatus.TESTED}
    return {host: controls for host, controls in targets.wanted.items() if host in tested}


def _hidden(record: RunRecord, hosts: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """The controls that could not be looked at, on hosts where something else was brought about: now they may show."""
    found: dict[str, list[str]] = {}
    for finding in record.findings:
        if finding.verdict is Verdict.ERROR and finding.host in hosts:
            found.setdefault(finding.host, []).append(finding.control)
    return {host: tuple(controls) for host, controls in found.items()}


def _second_round(place: Workplace, hidden: Targets, manner: Manner, run: Filed, watcher: Watcher) -> tuple[str, ...]:
    """Bring about what was hidden by what the first round brought about (without sudo, nothing of sudo can be seen)."""
    if not hidden.wanted:
        return ()
    watcher.stage("Verifying what could not be looked at", len(hidden.wanted))
    seen = verify(place, hidden, run.store, watcher.host, fail_on=manner.fail_on, parent=run.id)
    todo = batches(failing(run.store.record(seen)), {}, place.catalogue)
    return tuple(host for batch in todo for host in _play(place, hidden, batch, manner, run, watcher))


def _play(
    place: Workplace, targets: Targets, batch: Batch, manner: Manner, run: Filed, watcher: Watcher
) -> tuple[str, ...]:
    """Run Ansible for one batch and file its changes. Returns the hosts that Ansible never got to."""
    watcher.stage(f"Applying {batch.title}", len(batch.hosts))
    request = play_request(place, targets, batch, run.id, check=manner.check)
    outcome = _cancellable(place, request, watcher)
    run.store.add_changes(run.id, outcome.changes)
    if outcome.status is PlayStatus.BROKEN:
        raise PlayError(f"Ansible died in the middle: {outcome.reason}", "What it had changed until then is on file.")
    return outcome.missing


def _cancellable(place: Workplace, request: PlayRequest, watcher: Watcher) -> PlayOutcome:
    """Run the play in a thread, so that Ctrl-C reaches us and not Ansible."""
    cancel = threading.Event()
    with ThreadPoolExecutor(max_workers=1) as pool:
        playing = pool.submit(run_play, request, watcher.event, cancel=cancel)
        try:
            return playing.result()
        except (KeyboardInterrupt, Interrupted):
            cancel.set()
            playing.exception()
            end_leftovers(place, request.hosts, request.run_id)
            raise


def _carry(store: Store, before: str, run: Filed, hosts: set[str]) -> None:
    """File the look before as the state after, for hosts that were not touched."""
    if not hosts:
        return
    record, observed = store.record(before), store.observed(before)
    findings: Mapping[str, list[Finding]] = {host: [] for host in hosts}
    for finding in record.findings:
        if finding.host in hosts:
            findings[finding.host].append(finding)
    for member in record.members:
        if member.host in hosts:
            store.add_host(run.id, member, findings[member.host], observed.get(member.host, ()))
