"""bootstrap: make new hosts ready, many at once, each with its own outcome."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed, wait
from contextlib import suppress

from opsharden.access import keys
from opsharden.access.account import Step
from opsharden.errors import OpshardenError
from opsharden.evidence import Store
from opsharden.model import Change, Host, HostStatus, Member, Trigger
from opsharden.safety.lease import Holder
from opsharden.workflows import exitcode
from opsharden.workflows.filing import filed
from opsharden.workflows.preparing import FirstLogin, Outcome, Preparer, automation_key
from opsharden.workflows.progress import Prepared, Stage, Tell
from opsharden.workflows.targets import Targets
from opsharden.workflows.workplace import Workplace

__all__ = ["FirstLogin", "Outcome", "bootstrap"]

_LAST_WORDS = 5.0
"""Seconds for hosts under way to end once their connections are closed."""


def bootstrap(
    place: Workplace,
    hosts: Sequence[Host],
    first: FirstLogin,
    store: Store,
    trigger: Trigger,
    tell: Tell,
    left_out: Sequence[Member] = (),
) -> tuple[str, tuple[Outcome, ...]]:
    """Make hosts ready: host key, python3, automation account, its key, sudo, and a fresh login as the proof.

    What is changed on a host is on file as soon as it is, whatever comes after.

    Args:
        place: What this invocation works with.
        hosts: Which.
        first: How to get in the first time.
        store: Where it is filed.
        trigger: What made it start.
        tell: Told of the stage, and of each host when it is done.
        left_out: Hosts that were named and cannot be made ready, with the reason; they are filed, too.

    Returns:
        The run's id, and the outcomes in the order of the hosts.

    Raises:
        UsageError: The project's automation key is missing, and there are hosts that name none of their own.
    """
    _need_key(place, hosts)
    outcomes: dict[str, Outcome] = {}
    faults: list[BaseException] = []
    targets = Targets({host.name: () for host in hosts}, tuple(left_out), ())
    tell(Stage("Making ready", len(hosts)))
    pool = ThreadPoolExecutor(place.settings.forks)
    with filed(store, "bootstrap", place, targets, trigger) as run:

        def on_step(host: str, step: Step) -> None:
            store.add_changes(run.id, [Change(host, "bootstrap", step.what, step.status, step.message)])

        preparer = Preparer(place, first, Holder.of(store.record(run.id).run), on_step)
        work = [pool.submit(preparer.host, host) for host in hosts]
        try:
            for future in as_completed(work):
                if fault := future.exception():
                    faults.append(fault)  # what nobody foresaw is told when the others are done
                    continue
                outcome = future.result()
                outcomes[outcome.host] = outcome
                _file(store, run.id, outcome)
                tell(Prepared(outcome.host, outcome.state))
        except BaseException:
            # Ctrl-C: hosts not begun are left, and what is under way ends with its connection, and is filed.
            _stop(pool, preparer)
            _file_the_rest(store, run.id, work, outcomes)
            raise
        finally:
            _stop(pool, preparer)
        if faults:
            raise faults[0]
        run.exit_code = exitcode.of_bootstrap(outcomes.values(), left_out)
    return run.id, tuple(outcomes[host.name] for host in hosts)


def _need_key(place: Workplace, hosts: Sequence[Host]) -> None:
    """Read the project's key once, before any host is touched: that it is missing is no host's fault."""
    own = place.settings.keys / "automation"
    if any(automation_key(place, host) == own for host in hosts):
        keys.public_key(own)


def _stop(pool: ThreadPoolExecutor, preparer: Preparer) -> None:
    pool.shutdown(wait=False, cancel_futures=True)
    preparer.close()


def _file_the_rest(store: Store, run_id: str, work: Sequence[Future[Outcome]], known: dict[str, Outcome]) -> None:
    ended, _ = wait(work, _LAST_WORDS)
    for future in ended:
        if not future.cancelled() and future.exception() is None and future.result().host not in known:
            with suppress(OpshardenError):
                _file(store, run_id, future.result())


def _file(store: Store, run_id: str, outcome: Outcome) -> None:
    status = HostStatus.UNREACHABLE if outcome.failure else HostStatus.TESTED
    reason = " ".join(filter(None, (outcome.failure, outcome.advice)))
    store.add_host(run_id, Member(outcome.host, status, reason), (), ())
