"""A run on file from its first moment to its last, however it ends."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from opsharden import __version__
from opsharden.errors import Interrupted, OpshardenError
from opsharden.evidence import Store, new_run_id
from opsharden.model import ExitCode, Host, HostStatus, Member, Run, RunState, Trigger, utcnow
from opsharden.redaction import Redactor
from opsharden.workflows.targets import Targets
from opsharden.workflows.workplace import Workplace


@dataclass
class RunHandle:
    """A run under way.

    Attributes:
        id: The run's id.
        store: Where it is filed.
        exit_code: What it comes to; set before the end.
    """

    id: str
    store: Store
    exit_code: int = ExitCode.ERROR


def open_store(place: Workplace, hosts: Sequence[Host], secrets: Sequence[str] = ()) -> Store:
    """The project's evidence store, which files none of the secrets at hand. Marks runs that died as interrupted.

    Args:
        place: What this invocation works with.
        hosts: Whose secrets must not be filed.
        secrets: Further ones.

    Raises:
        EvidenceError: It cannot be opened.
    """
    store = Store.open(place.settings.database, redact=Redactor((*place.secrets(hosts), *secrets)))
    store.reap()
    return store


@contextmanager
def filed(store: Store, verb: str, place: Workplace, targets: Targets, trigger: Trigger) -> Iterator[RunHandle]:
    """File a run's start, give it to the work, and file how it ended.

    Raises:
        Interrupted: Ctrl-C; the run is filed as interrupted.
    """
    now = utcnow()
    run = store.begin(
        Run(
            id=new_run_id(now),
            verb=verb,
            state=RunState.RUNNING,
            started_at=now,
            trigger=trigger.kind,
            operator=trigger.operator,
            control_node=socket.gethostname(),
            command=trigger.command,
            version=__version__,
            inventory_digest=place.inventory.digest,
            content_digest=place.catalogue.digest,
            profiles=targets.profiles,
            parent=trigger.parent,
        )
    )
    controls = dict.fromkeys(control for ids in targets.wanted.values() for control in ids)
    store.add_controls(run.id, [place.catalogue.controls[control] for control in controls])
    # The whole population first: a host whose turn never comes must not be missing from it.
    announced = [Member(host, HostStatus.TESTED) for host in targets.wanted]
    store.add_members(run.id, [*announced, *targets.excluded])
    this = RunHandle(run.id, store)
    try:
        yield this
    except (KeyboardInterrupt, Interrupted) as error:
        store.finish(run.id, RunState.INTERRUPTED, Interrupted.exit_code, utcnow())
        said = error.message if isinstance(error, Interrupted) else "Interrupted."
        raise Interrupted(
            f"{said} The run {run.id} is marked so.",
            f"`opsharden runs show {run.id}` shows how far it came.",
        ) from None
    except OpshardenError as error:
        _close(store, run.id, error.exit_code)
        raise
    except BaseException:
        _close(store, run.id, ExitCode.ERROR)
        raise
    store.finish(run.id, RunState.COMPLETE, this.exit_code, utcnow())


def _close(store: Store, run_id: str, exit_code: int) -> None:
    """File a failure, unless filing is what failed: the first error is the one to show."""
    try:
        store.finish(run_id, RunState.FAILED, exit_code, utcnow())
    except OpshardenError:
        return
