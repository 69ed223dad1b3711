"""Looking at hosts, many at once: each is asked, judged and filed in a thread of its own."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from hashlib import sha256
from queue import Empty, SimpleQueue
from threading import Lock
from typing import TYPE_CHECKING

from opsharden import __version__
from opsharden.errors import HostError, OpshardenError
from opsharden.model import Finding, HostStatus, Member, Observation, Verdict
from opsharden.probe import Check, Learnt, Session, Transport, open_transport
from opsharden.workflows.causes import cause
from opsharden.workflows.peers import PeerPool
from opsharden.workflows.targets import Targets
from opsharden.workflows.timings import Timings
from opsharden.workflows.values import Watched
from opsharden.workflows.workplace import Workplace

if TYPE_CHECKING:  # loads the store's library, which can wait until hosts are being reached
    from opsharden.workflows.filing import RunHandle


@dataclass(frozen=True)
class ScanResult:
    """One host that was looked at, or could not be.

    Attributes:
        member: What became of it.
        findings: One for each of its controls; none where it could not be looked at.
        timings: Where the time went.
    """

    member: Member
    findings: tuple[Finding, ...]
    timings: Timings


_Evidence = tuple[tuple[Finding, ...], tuple[Observation, ...]]
_NAP = 0.2


def look(place: Workplace, targets: Targets, run: RunHandle, tell: Callable[[ScanResult], None]) -> None:
    """Look at all targets and file every host under a run."""
    with reaching(place, targets) as hosts:
        hosts.look(run, tell)


@contextmanager
def reaching(place: Workplace, targets: Targets) -> Iterator[Scan]:
    """Begin to reach the targets. Nothing is asked of them before there is a run to file it under.

    Reaching a host takes time in which there is other work to do: to load what is needed later, to open the store.
    """
    hosts = Scan(place, targets)
    try:
        yield hosts
    finally:
        hosts.close()


class Scan:
    """All targets of a run, being reached and looked at."""

    def __init__(self, place: Workplace, targets: Targets) -> None:
        self._place = place
        self._scanner = _Scanner(place)
        self._pool = ThreadPoolExecutor(max_workers=min(place.settings.forks, len(targets.wanted)))
        self._done: SimpleQueue[Future[ScanResult]] = SimpleQueue()
        self._hosts = len(targets.wanted)
        for host, controls in targets.wanted.items():
            self._pool.submit(self._scanner.host, host, controls).add_done_callback(self._done.put)

    def look(self, run: RunHandle, tell: Callable[[ScanResult], None]) -> None:
        """Look at all of them and file every host under a run; tell, in this thread, of each that is finished."""
        self._scanner.run.set_result(run)
        len(self._place.checks)  # collected here and now, while the hosts are being reached
        for _ in range(self._hosts):
            tell(self._next().result())

    def _next(self) -> Future[ScanResult]:
        """The next host that is finished; looks up now and then, so that Ctrl-C is heard."""
        while True:
            try:
                return self._done.get(timeout=_NAP)
            except Empty:
                continue

    def close(self) -> None:
        """Leave them. On Ctrl-C, hosts not begun are left, and what is under way ends with its connection."""
        self._pool.shutdown(wait=False, cancel_futures=True)
        self._scanner.close()


class _Scanner:
    """Looks at hosts, each in a thread of a pool, and files them.

    Attributes:
        run: What they are filed under; threads wait for it.
    """

    def __init__(self, place: Workplace) -> None:
        self.run: Future[RunHandle] = Future()
        self._place = place
        self._peers = PeerPool(place)
        self._open: set[Transport] = set()
        self._learnt: dict[tuple[str, ...], Learnt] = {}
        self._lock = Lock()
        self._began = time.monotonic()
        self._closed = False

    def close(self) -> None:
        """Leave every host; what is still being looked at ends with an error, and nothing more is filed."""
        self._closed = True
        self.run.cancel()
        self._peers.close()
        for transport in tuple(self._open):
            transport.close()
        for learnt in self._learnt.values():
            learnt.save()

    def host(self, name: str, controls: tuple[str, ...]) -> ScanResult:
        """Look at one host and file it."""
        timings = Timings(name, self._began)
        try:
            findings, observations = self._look(name, controls, timings)
            member = Member(name, HostStatus.TESTED)
        except HostError as error:
            member, findings, observations = _not_looked_at(self._place, name, controls, error), (), ()
        run = self.run.result()
        safe = run.store.without_secrets  # it is shown too, at once
        member = replace(member, reason=safe(member.reason), cause=safe(member.cause))
        if not self._closed:
            run.store.add_host(run.id, member, findings, observations)
        timings.done("file")
        return ScanResult(member, findings, timings)

    def _look(self, name: str, controls: tuple[str, ...], timings: Timings) -> _Evidence:
        deadline = time.monotonic() + self._place.patience.host
        with self._reached(name, timings) as transport:
            run = self.run.result()
            timings.begin()
            values = Watched(self._place.values(name))
            session = Session(name, transport, self._peers.recorder, self._learnt_for(controls, run))
            findings = session.judge(self._checks(controls), values, deadline)
        timings.questions = session.questions
        timings.done("judge", of_it=("wait for answers", session.waited))
        found = {finding.control: finding for finding in findings}
        complete = (found.get(control) or _unchecked(name, control) for control in controls)
        told = tuple(_as_filed(finding, self._place) for finding in complete)
        return told, (*session.observations, values.note(name))

    @contextmanager
    def _reached(self, name: str, timings: Timings) -> Iterator[Transport]:
        host, known_hosts = self._place.host(name), self._place.known_hosts
        transport = open_transport(host, known_hosts, self._place.patience, lambda: timings.done("log in"))
        timings.done("become root")
        self._open.add(transport)
        try:
            yield transport
        finally:
            self._open.discard(transport)
            transport.close()

    def _checks(self, controls: tuple[str, ...]) -> tuple[Check, ...]:
        return tuple(check for control in controls for check in self._place.checks.get(control, ()))

    def _learnt_for(self, controls: tuple[str, ...], run: RunHandle) -> Learnt:
        with self._lock:
            if controls not in self._learnt:
                key = sha256("\0".join((__version__, self._place.catalogue.digest, *controls)).encode()).hexdigest()
                folder = self._place.settings.project / ".opsharden" / "learnt"
                self._learnt[controls] = Learnt(folder / f"{key[:16]}.json", run.store.has_secret)
            return self._learnt[controls]


def _unchecked(name: str, control: str) -> Finding:
    return Finding(name, control, Verdict.ERROR, reason="This control has no check.")


def _as_filed(finding: Finding, place: Workplace) -> Finding:
    """A finding that says whether apply does anything about it, and the same for equal hosts: an error names none."""
    if finding.verdict is Verdict.ERROR:
        return replace(finding, reason=cause(finding.reason, finding.host) or finding.reason)
    return place.by_apply(finding)


def _not_looked_at(place: Workplace, name: str, controls: tuple[str, ...], error: HostError) -> Member:
    """One row, however many controls: why, and what nobody looked at."""
    reason = f"{error.message} {error.advice}".strip()
    return Member(name, HostStatus.UNREACHABLE, reason, cause(reason, name, _places(place, name)), controls)


def _places(place: Workplace, name: str) -> tuple[str, ...]:
    try:
        return (place.host(name).address,)
    except OpshardenError:
        return ()  # how to reach it is what cannot be told
