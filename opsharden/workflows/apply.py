"""apply: verify, bring about what fails and nothing else, verify again what was touched."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass, replace

from opsharden.errors import Interrupted
from opsharden.evidence import Store
from opsharden.model import HostStatus, RunRecord, Severity, Trigger, Verdict
from opsharden.workflows import exitcode
from opsharden.workflows.batches import batches, whole_roles
from opsharden.workflows.filing import RunHandle, filed
from opsharden.workflows.playing import Player
from opsharden.workflows.progress import Stage, Tell
from opsharden.workflows.scan import ScanResult, look
from opsharden.workflows.targets import Targets
from opsharden.workflows.verify import failing, verify
from opsharden.workflows.workplace import Workplace


@dataclass(frozen=True)
class ApplyOptions:
    """How to apply.

    Attributes:
        everything: Every wanted control of every host, not only what fails.
        check: Ansible's check mode: say what would change, change nothing.
        fail_on: The weakest severity whose failures make the result `findings`.
    """

    everything: bool = False
    check: bool = False
    fail_on: Severity = Severity.LOW


def apply(place: Workplace, targets: Targets, store: Store, trigger: Trigger, options: ApplyOptions, tell: Tell) -> str:
    """Bring the targets to the wanted state.

    The look before is a verify run of its own; what the apply run itself files is the state after, and the changes.
    Every host that was touched is looked at again, whatever went wrong meanwhile.

    Returns:
        The run's id. Its exit code is the result.

    Raises:
        PlayError: Ansible could not be run at all, on no host.
        VaultError: A vaulted value does not open, and no host could do without it.
        EvidenceError: It could not be filed.
        Interrupted: Ctrl-C; nothing is left running here or on the hosts. It says which of them were touched.
    """
    with filed(store, "apply", place, targets, trigger) as run:
        return _Apply(place, targets, run, replace(trigger, parent=run.id), options, tell).run()


class _Apply:
    """One apply under way."""

    def __init__(
        self, place: Workplace, targets: Targets, run: RunHandle, part: Trigger, options: ApplyOptions, tell: Tell
    ) -> None:
        self._place, self._targets, self._run, self._options, self._tell = place, targets, run, options, tell
        self._part = part  # what makes a run start that is part of this one
        self._player = Player(place, targets, run, tell, check=options.check)
        self._seen_again: set[str] = set()

    def run(self) -> str:
        """All of it. Returns the run's id."""
        run, player = self._run, self._player
        before = self._verify("Verifying", self._targets)
        fault: Exception | None = None
        try:
            try:
                self._bring_about(run.store.record(before))
            except Interrupted:
                raise
            except Exception as error:
                fault = error  # told when every host that was touched has been looked at again
            self._look_again(before)
        except (KeyboardInterrupt, Interrupted):
            raise self._cut_off() from None
        if fault or (player.refusals and not player.played):
            raise fault or player.refusals[0]
        after = run.store.record(run.id)
        run.exit_code = exitcode.of_apply(after, player.lost, player.failures, self._options.fail_on)
        return run.id

    def _bring_about(self, before: RunRecord) -> None:
        """Whatever is needed, then the roles that have no controls, then what could not be seen until now."""
        wanted = _reached(before, self._targets)
        catalogue = self._place.catalogue
        size = max(1, self._place.settings.forks // 2)  # so that two runs are side by side where there are many hosts
        self._player.play(batches(wanted if self._options.everything else failing(before), catalogue, size))
        self._player.play(whole_roles(tuple(wanted), catalogue, size))
        hidden = {} if self._options.check else _hidden(before, self._player.touched)
        if hidden:
            # What the first round brought about may have hidden it: without sudo, nothing of sudo can be seen.
            now = replace(self._targets, wanted=hidden, excluded=())
            seen = self._run.store.record(self._verify("Verifying what could not be looked at", now))
            self._player.play(batches(failing(seen), catalogue, size))

    def _look_again(self, before: str) -> None:
        """File the state after: of touched hosts as it is seen now, of the others as it was seen before."""
        wanted = self._targets.wanted
        touched = {} if self._options.check else {host: wanted[host] for host in self._player.touched}
        self._run.store.carry(self._run.id, before, [host for host in wanted if host not in touched])
        if touched:
            self._tell(Stage("Verifying again", len(touched), scans=True))
            look(self._place, replace(self._targets, wanted=touched, excluded=()), self._run, self._saw_again)

    def _saw_again(self, seen: ScanResult) -> None:
        self._seen_again.add(seen.member.host)
        self._tell(seen)

    def _verify(self, title: str, targets: Targets) -> str:
        self._tell(Stage(title, len(targets.wanted), scans=True))
        return verify(
            self._place,
            targets,
            self._run.store,
            self._tell,
            trigger=self._part,
            fail_on=self._options.fail_on,
        )

    def _cut_off(self) -> Interrupted:
        """Names the hosts of which nobody knows the state."""
        unknown = [] if self._options.check else [each for each in self._player.touched if each not in self._seen_again]
        if not unknown:
            return Interrupted("Interrupted; no host is left in a state that nobody has looked at.")
        return Interrupted(f"Interrupted; touched and not looked at again: {', '.join(unknown)}.")


def _reached(record: RunRecord, targets: Targets) -> dict[str, tuple[str, ...]]:
    tested = {member.host for member in record.members if member.status is HostStatus.TESTED}
    return {host: controls for host, controls in targets.wanted.items() if host in tested}


def _hidden(record: RunRecord, hosts: Container[str]) -> dict[str, tuple[str, ...]]:
    """The controls that could not be looked at, on hosts where something else was brought about: now they may show."""
    found: dict[str, list[str]] = {}
    for finding in record.findings:
        if finding.verdict is Verdict.ERROR and finding.host in hosts:
            found.setdefault(finding.host, []).append(finding.control)
    return {host: tuple(controls) for host, controls in found.items()}
