"""verify: look at every host, many at once, and file what was seen as soon as a host is done."""

from __future__ import annotations

from contextlib import nullcontext

from opsharden.evidence import Store
from opsharden.model import RunRecord, Severity, Trigger, Verdict
from opsharden.workflows import exitcode
from opsharden.workflows.filing import filed
from opsharden.workflows.progress import Tell
from opsharden.workflows.scan import Scan, reaching
from opsharden.workflows.targets import Targets
from opsharden.workflows.workplace import Workplace


def verify(
    place: Workplace,
    targets: Targets,
    store: Store,
    tell: Tell,
    *,
    trigger: Trigger,
    fail_on: Severity = Severity.LOW,
    hosts: Scan | None = None,
) -> str:
    """Verify the targets.

    Args:
        place: What this invocation works with.
        targets: Hosts and their controls.
        store: Where to file.
        tell: Told of each finished host.
        trigger: What made it start.
        fail_on: The weakest severity whose failures make the run's result `findings`.
        hosts: The targets, if they are being reached already.

    Returns:
        The run's id. Its exit code is the result.

    Raises:
        EvidenceError: It could not be filed.
        Interrupted: Ctrl-C.
    """
    with filed(store, "verify", place, targets, trigger) as run:
        with nullcontext(hosts) if hosts else reaching(place, targets) as reached:
            reached.look(run, tell)
        record = store.record(run.id)
        run.exit_code = exitcode.of_findings(record.findings, record.members, record.controls, fail_on)
    return run.id


def failing(record: RunRecord) -> dict[str, tuple[str, ...]]:
    """Per host, the controls that fail: what an apply has to bring about, less what it leaves to the administrator."""
    needs: dict[str, list[str]] = {}
    for finding in record.findings:
        if finding.verdict is Verdict.FAIL and finding.by_apply:
            needs.setdefault(finding.host, []).append(finding.control)
    return {host: tuple(controls) for host, controls in needs.items()}
