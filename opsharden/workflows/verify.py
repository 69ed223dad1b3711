"""verify: look at every host, many at once, and file what was seen as soon as a host is done."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait

from opsharden.errors import HostError, Unreachable
from opsharden.evidence import Store
from opsharden.model import Finding, HostStatus, Member, Observation, RunRecord, Severity, Verdict
from opsharden.probe import Recorder, Subject, Transport, judge, open_transport
from opsharden.report.score import judge_run
from opsharden.workflows.filing import Filed, filed
from opsharden.workflows.peers import Peers
from opsharden.workflows.workplace import Targets, Workplace

HostDone = Callable[[Member, tuple[Finding, ...]], None]
"""Called in the main thread for each host that is finished."""

_NAP = 0.2


def verify(
    place: Workplace,
    targets: Targets,
    store: Store,
    on_host: HostDone,
    *,
    fail_on: Severity = Severity.LOW,
    parent: str | None = None,
) -> str:
    """Verify the targets.

    Args:
        place: What this invocation works with.
        targets: Hosts and their controls.
        store: Where to file.
        on_host: Told of each finished host.
        fail_on: The weakest severity whose failures make the run's result `findings`.
        parent: The apply this verification is part of.

    Returns:
        The run's id. Its exit code is the result.

    Raises:
        EvidenceError: It could not be filed.
        Interrupted: Ctrl-C.
    """
    with filed(store, "verify", place, targets, parent) as run:
        look(place, targets, run, on_host)
        record = store.record(run.id)
        run.exit_code = judge_run(record.findings, record.members, record.controls, fail_on)
    return run.id


def look(place: Workplace, targets: Targets, run: Filed, on_host: HostDone) -> None:
    """Look at all targets and file every host under a run."""
    pool = ThreadPoolExecutor(max_workers=min(place.settings.forks, len(targets.wanted)))
    looker = _Looker(place, run)
    try:
        waiting = {pool.submit(looker.host, host, controls) for host, controls in targets.wanted.items()}
        while waiting:
            done, waiting = wait(waiting, timeout=_NAP, return_when=FIRST_COMPLETED)
            for future in done:
                on_host(*future.result())
    finally:
        # On Ctrl-C: hosts not begun are left, and what is under way ends with its connection.
        pool.shutdown(wait=False, cancel_futures=True)
        looker.close()


class _Looker:
    """Looks at hosts, each in a thread of a pool, and files them."""

    def __init__(self, place: Workplace, run: Filed) -> None:
        self._place = place
        self._run = run
        self._peers = Peers(place)
        self._open: set[Transport] = set()
        self._closed = False

    def close(self) -> None:
        """Leave every host; what is still being looked at ends with an error, and nothing more is filed."""
        self._closed = True
        self._peers.close()
        for transport in tuple(self._open):
            transport.close()

    def host(self, name: str, controls: tuple[str, ...]) -> tuple[Member, tuple[Finding, ...]]:
        """Look at one host and file it."""
        try:
            findings, observations = self._look(name, controls)
            member = Member(name, HostStatus.TESTED)
        except HostError as error:
            member, findings, observations = *_not_looked_at(name, controls, error), ()
        if not self._closed:
            self._run.store.add_host(self._run.id, member, findings, observations)
        return member, findings

    def _look(self, name: str, controls: tuple[str, ...]) -> tuple[tuple[Finding, ...], tuple[Observation, ...]]:
        settings = self._place.settings
        deadline = time.monotonic() + settings.host_timeout
        asked: dict[str, Recorder] = {}

        def peer(other: str) -> Recorder:
            if other not in asked:
                asked[other] = self._peers.recorder(other)
            return asked[other]

        transport = open_transport(
            self._place.host(name),
            self._place.known_hosts,
            connect_timeout=settings.connect_timeout,
            command_timeout=settings.command_timeout,
        )
        self._open.add(transport)
        try:
            recorder = Recorder(transport)
            checks = tuple(check for control in controls for check in self._place.checks.get(control, ()))
            subject = Subject(name, recorder, self._place.values(name), peer, deadline)
            found = {finding.control: finding for finding in judge(checks, subject)}
        finally:
            self._open.discard(transport)
            transport.close()
        findings = tuple(found.get(control) or _unchecked(name, control) for control in controls)
        return findings, tuple(seen for each in (recorder, *asked.values()) for seen in each.observations.values())


def _unchecked(name: str, control: str) -> Finding:
    return Finding(name, control, Verdict.ERROR, reason="This control has no check.")


def _not_looked_at(name: str, controls: tuple[str, ...], error: HostError) -> tuple[Member, tuple[Finding, ...]]:
    verdict = Verdict.UNREACHABLE if isinstance(error, Unreachable) else Verdict.ERROR
    reason = f"{error.message} {error.advice}".strip()
    findings = tuple(Finding(name, control, verdict, reason=reason) for control in controls)
    return Member(name, HostStatus.UNREACHABLE, reason), findings


def failing(record: RunRecord) -> dict[str, tuple[str, ...]]:
    """Per host, the controls that fail: what an apply has to bring about."""
    needs: dict[str, list[str]] = {}
    for finding in record.findings:
        if finding.verdict is Verdict.FAIL:
            needs.setdefault(finding.host, []).append(finding.control)
    return {host: tuple(controls) for host, controls in needs.items()}
