"""apply: verify, bring about what fails and nothing else, verify again what was touched."""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass, replace
from typing import Protocol

from opsharden.errors import Interrupted
from opsharden.evidence import Store
from opsharden.model import ExitCode, Finding, HostStatus, RunRecord, Severity, Verdict
from opsharden.report.score import judge_run
from opsharden.workflows.filing import Filed, filed
from opsharden.workflows.looking import Seen, look
from opsharden.workflows.needs import batches, whole_roles
from opsharden.workflows.playing import Listener, Player
from opsharden.workflows.verify import failing, verify
from opsharden.workflows.workplace import Targets, Workplace


class Watcher(Listener, Protocol):
    """Told of what happens, from one thread at a time; for progress only."""

    def host(self, seen: Seen) -> None:
        """A host was looked at."""


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
    Every host that was touched is looked at again, whatever went wrong meanwhile.

    Returns:
        The run's id. Its exit code is the result.

    Raises:
        PlayError: Ansible could not be run at all, on no host.
        VaultError: A vaulted value does not open, and no host could do without it.
        EvidenceError: It could not be filed.
        Interrupted: Ctrl-C; nothing is left running here or on the hosts. It says which of them were touched.
    """
    with filed(store, "apply", place, targets) as run:
        watcher.stage("Verifying", len(targets.wanted))
        before = verify(place, targets, store, watcher.host, fail_on=manner.fail_on, parent=run.id)
        player = Player(place, targets, run, watcher, check=manner.check)
        fault: Exception | None = None
        try:
            _bring_about(place, targets, player, store.record(before), manner, watcher)
        except (KeyboardInterrupt, Interrupted):
            raise _cut_off(player) from None
        except Exception as error:
            fault = error
        touched = {} if manner.check else {host: targets.wanted[host] for host in player.touched}
        _carry(store, before, run, set(targets.wanted) - set(touched))
        if touched:
            watcher.stage("Verifying again", len(touched))
            try:
                look(place, replace(targets, wanted=touched, excluded=()), run, watcher.host)
            except (KeyboardInterrupt, Interrupted):
                raise _cut_off(player) from None
        if fault or (player.refusals and not player.played):
            raise fault or player.refusals[0]
        run.exit_code = _result(store.record(run.id), player, manner)
    return run.id


def _bring_about(
    place: Workplace, targets: Targets, player: Player, before: RunRecord, manner: Manner, watcher: Watcher
) -> None:
    """Whatever is needed, then the roles that have no controls, then what could not be seen until now."""
    wanted = _reached(before, targets)
    size = max(1, place.settings.forks // 2)  # so that two runs are side by side where there are many hosts
    player.play(batches(wanted if manner.everything else failing(before), place.catalogue, size))
    player.play(whole_roles(tuple(wanted), place.catalogue, size))
    hidden = {} if manner.check else _hidden(before, player.touched)
    if not hidden:
        return
    # What the first round brought about may have hidden it: without sudo, nothing of sudo can be seen.
    watcher.stage("Verifying what could not be looked at", len(hidden))
    now = replace(targets, wanted=hidden, excluded=())
    seen = verify(place, now, player.run.store, watcher.host, fail_on=manner.fail_on, parent=player.run.id)
    player.play(batches(failing(player.run.store.record(seen)), place.catalogue, size))


def _result(after: RunRecord, player: Player, manner: Manner) -> ExitCode:
    """What it came to: for tasks as for hosts, what was expected is held against what was seen.

    A failed task whose role still has a control that fails on that host is told by that finding. Any other one leaves
    something undone that no verdict tells of, and so does a host where not all could be tried.
    """
    result = judge_run(after.findings, after.members, after.controls, manner.fail_on)
    told = {
        (finding.host, after.controls[finding.control].role)
        for finding in after.findings
        if finding.verdict is Verdict.FAIL and finding.control in after.controls
    }
    return ExitCode.INCOMPLETE if player.lost or player.failures - told else result


def _cut_off(player: Player) -> Interrupted:
    """Names the hosts of which nobody knows the state."""
    hosts = ", ".join(player.touched)
    if not hosts:
        return Interrupted("Interrupted; no host had been touched.")
    return Interrupted(f"Interrupted; touched and not looked at again: {hosts}.")


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
