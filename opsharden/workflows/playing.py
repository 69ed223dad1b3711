"""Ansible runs side by side. What fails in one of them, on one host or for one control, is nobody else's."""

from __future__ import annotations

import os
import threading
from collections.abc import Container, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager

from opsharden.errors import PlayError, VaultError
from opsharden.model import Change, ChangeStatus
from opsharden.play import UNKNOWN_END, HostResult, PlayEvent, PlayOutcome, PlayStatus, run_play
from opsharden.safety.lease import Holder, Taken
from opsharden.workflows.batches import Batch, left_over
from opsharden.workflows.filing import RunHandle
from opsharden.workflows.holding import Leases
from opsharden.workflows.orphans import end_orphans
from opsharden.workflows.progress import Stage, Tell
from opsharden.workflows.requests import hubs, play_request
from opsharden.workflows.targets import Targets
from opsharden.workflows.workplace import Workplace

_TRIES = 12
"""How often a batch that Ansible refuses is halved to find the host it is about, before the rest is given up."""

_RUN = "Run Ansible"
_NAP = 0.2
_PROCESSES = max(2, os.cpu_count() or 2)


class Player:
    """Plays batches and files what came of them.

    Attributes:
        touched: Hosts on which something may have been changed.
        failures: Per host and role, that a task failed and was not made good by a further try.
        lost: Hosts for which not all could be tried: unreachable, held by somebody else, or their Ansible run broke.
        refusals: Why Ansible would not run at all, one for each time.
        played: Whether it did run, for any host.
        run: What is filed under.
    """

    def __init__(self, place: Workplace, targets: Targets, run: RunHandle, tell: Tell, *, check: bool) -> None:
        self.touched: dict[str, None] = {}
        self.failures: set[tuple[str, str]] = set()
        self.lost: set[str] = set()
        self.refusals: list[PlayError | VaultError] = []
        self.played = False
        self.run = run
        self._place, self._targets, self._check, self._told = place, targets, check, tell
        self._lock = threading.RLock()
        self._cancel = threading.Event()
        self._slots = _Slots(place.settings.forks)
        holder = Holder.of(run.store.record(run.id).run)
        self._leases = Leases(place, holder, self._cancel, self._tell_waiting)
        self._faults: list[BaseException] = []

    def play(self, batches: Sequence[Batch]) -> None:
        """Play all of them, side by side, as many hosts at once as `forks` allows.

        Raises:
            Exception: One that nobody foresaw, when all are done.
            KeyboardInterrupt: Ctrl-C; nothing is left running here or on the hosts that can be reached.
        """
        if not batches:
            return
        playing: list[Future[None]] = []
        with ThreadPoolExecutor(min(len(batches), _PROCESSES)) as pool:
            try:
                for batch in batches:
                    playing.append(pool.submit(self._guarded, batch))
                while wait(playing, timeout=_NAP).not_done:
                    pass
            except BaseException:
                self._cancel.set()
                for future in playing:
                    future.cancel()
                wait(playing)
                self._clean(tuple(self.touched))
                raise
        if self._faults:
            raise self._faults[0]

    def _guarded(self, batch: Batch) -> None:
        """Whatever happens in one batch, the others go on."""
        try:
            with self._slots.taken(len(batch.hosts)):
                self._hold(batch)
        except BaseException as error:
            self.lost.update(batch.hosts)
            self._faults.append(error)

    def _hold(self, batch: Batch) -> None:
        """Play of a batch what nobody else is in the way of. A dry run changes nothing itself."""
        if self._cancel.is_set():
            return
        if self._check:
            self._search(batch, iter(range(_TRIES)))
            return
        on_hubs = hubs(self._place, self._targets, batch)
        with self._leases.hubs(tuple(on_hubs)) as taken:
            if self._cancel.is_set():
                return
            for hub, error in taken.items():
                self._not_done(on_hubs[hub], f"Hold {hub} for this run", f"{error.message} {error.advice}".strip())
                batch = batch.less(on_hubs[hub], self._place.catalogue)
            self._hold_hosts(batch)

    def _hold_hosts(self, batch: Batch) -> None:
        with self._leases.hosts(batch.hosts) as refused:
            for host, error in refused.items():
                self._not_done([host], "Hold the host for this run", f"{error.message} {error.advice}".strip())
            if free := [host for host in batch.hosts if host not in refused]:
                self._search(batch.of(free), iter(range(_TRIES)))

    def _tell_waiting(self, hub: str, taken: Taken) -> None:
        self._tell(Stage(f"Waiting for {hub}, a hub ({taken.message.rstrip('.')})", 1))

    def _search(self, batch: Batch, tries: Iterable[int]) -> None:
        """Play a batch; where Ansible will not run at all, each half by itself, until it is known whom it is about."""
        try:
            outcome = self._once(batch)
        except (PlayError, VaultError) as error:
            half = len(batch.hosts) // 2
            if half and next(iter(tries), None) is not None and not self._cancel.is_set():
                self._search(batch.of(batch.hosts[:half]), tries)
                self._search(batch.of(batch.hosts[half:]), tries)
                return
            self.refusals.append(error)
            self._not_done(batch.hosts, _RUN, f"{error.message} {error.advice}".strip())
            return
        self.failures |= _failures(outcome)
        for left in left_over(batch, outcome, self._place.catalogue):
            self._again(left, set(outcome.changes))

    def _again(self, left: Batch, filed: set[Change]) -> None:
        try:
            outcome = self._once(left, filed)
        except (PlayError, VaultError) as error:
            self._not_done(left.hosts, _RUN, f"{error.message} {error.advice}".strip())
            return
        # What failed at first is judged by how the second try ended.
        self.failures -= {(host, role) for host in left.hosts for role in left.roles}
        self.failures |= _failures(outcome)

    def _once(self, batch: Batch, filed: Container[Change] = ()) -> PlayOutcome:
        if self._cancel.is_set():
            return PlayOutcome(PlayStatus.CANCELLED, ())
        self._tell(Stage(f"Applying {batch.title}", len(batch.hosts)))
        request = play_request(self._place, self._targets, batch, self.run.id, check=self._check)
        # From here on they may be changed, however it ends.
        before = dict(self.touched)
        self.touched.update(dict.fromkeys(batch.hosts))
        try:
            outcome = run_play(request, self._tell, cancel=self._cancel)
        except (PlayError, VaultError):
            self._untouch(batch.hosts, before)
            raise
        self.played = True
        self._file(batch, outcome, filed)
        return outcome

    def _file(self, batch: Batch, outcome: PlayOutcome, filed: Container[Change]) -> None:
        """File what came of it, less what failed in the same words before."""
        self.run.store.add_changes(self.run.id, [each for each in dict.fromkeys(outcome.changes) if each not in filed])
        self.lost.update((*outcome.unreachable, *outcome.timed_out, *outcome.missing))
        if outcome.status is PlayStatus.COMPLETE:
            self._untouch(outcome.missing, {})
        if outcome.status is PlayStatus.BROKEN:
            self._not_done(batch.hosts, _RUN, f"Ansible died in the middle: {outcome.reason}")
        suspect = set(outcome.timed_out) | {each.host for each in outcome.changes if UNKNOWN_END in each.message}
        if suspect and not self._cancel.is_set():
            self._clean(sorted(suspect))

    def _clean(self, hosts: Sequence[str]) -> None:
        """End what runs on hosts of a task that nobody waits for any more; where we cannot, say so."""
        unknown = end_orphans(self._place, hosts, self.run.id)
        text = "Something of this run may still be running there: it could not be ended."
        self._not_done(unknown, "End what was left running", text)

    def _not_done(self, hosts: Iterable[str], what: str, why: str) -> None:
        """File something that belongs to no task of a role, and tell it."""
        changes = [Change(host, "", what, ChangeStatus.FAILED, why) for host in hosts]
        self.lost.update(change.host for change in changes)
        self.run.store.add_changes(self.run.id, changes)
        for each in changes:
            self._tell(HostResult(each.host, each.role, each.task, each.status, each.message))

    def _untouch(self, hosts: Iterable[str], before: Iterable[str]) -> None:
        for host in hosts:
            if host not in before:
                self.touched.pop(host, None)

    def _tell(self, event: PlayEvent | Stage) -> None:
        with self._lock:
            self._told(event)


class _Slots:
    """So many hosts may be worked on at once."""

    def __init__(self, number: int) -> None:
        self._free = self._all = number
        self._change = threading.Condition()

    @contextmanager
    def taken(self, number: int) -> Iterator[None]:
        """Wait for so many of them, or for all there are; they are given back at the end of the block."""
        number = min(number, self._all)
        with self._change:
            self._change.wait_for(lambda: self._free >= number)
            self._free -= number
        try:
            yield
        finally:
            with self._change:
                self._free += number
                self._change.notify_all()


def _failures(outcome: PlayOutcome) -> set[tuple[str, str]]:
    return {(change.host, change.role) for change in outcome.changes if change.status is ChangeStatus.FAILED}
