"""Looking at the runs on file: list them, open one, compare two."""

from __future__ import annotations

from collections.abc import Sequence

from opsharden.errors import UsageError
from opsharden.evidence import Difference, Store, diff
from opsharden.model import Run, RunRecord, RunState


def listed(database: str, *, limit: int | None) -> tuple[Run, ...]:
    """The runs on file, newest first.

    Args:
        database: The evidence store: a file, or a URL.
        limit: How many at most; None is all.

    Raises:
        EvidenceError: The store is missing or cannot be read.
    """
    with _opened(database) as store:
        return store.runs(limit=limit)


def shown(database: str, reference: str, *, observations: bool = True) -> RunRecord:
    """One run with all it left behind.

    Args:
        database: The evidence store: a file, or a URL.
        reference: A run id, the beginning of one, or `latest`.
        observations: Whether to load what was observed.

    Raises:
        UsageError: None or several runs are meant.
        EvidenceError: The store is missing, cannot be read, or was altered.
    """
    with _opened(database) as store:
        return store.record(reference, observations=observations)


def compared(database: str, before: str | None, after: str | None) -> Difference:
    """Two runs side by side.

    Args:
        database: The evidence store: a file, or a URL.
        before: The earlier run; without it, the last verify that came to its end before `after` did.
        after: The later run; without it, the last verify that came to its end.

    Raises:
        UsageError: None or several runs are meant, or there are not two to compare.
        EvidenceError: The store is missing, cannot be read, or was altered.
    """
    with _opened(database) as store:
        ended = [run for run in store.runs(verb="verify") if run.state is RunState.COMPLETE]
        new = store.run(after) if after else _first(ended)
        old = store.run(before) if before else _first([run for run in ended if run.started_at < new.started_at])
        return diff(store.record(old.id), store.record(new.id))


def _first(runs: Sequence[Run]) -> Run:
    if not runs:
        raise UsageError(
            "There are no two finished verify runs to compare.",
            "Run `opsharden verify` again, or name two runs: `opsharden runs diff BEFORE AFTER`.",
        )
    return runs[0]


def _opened(database: str) -> Store:
    """The store, with runs whose process has died no longer shown as running."""
    store = Store.open(database, create=False)
    try:
        store.reap()
    except BaseException:
        store.close()
        raise
    return store
