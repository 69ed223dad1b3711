"""Queries. What is stored by its content is held to its digest whenever it is read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any, TypeVar

from sqlalchemy import Connection, Row, ScalarSelect, select

from opsharden.errors import EvidenceError, UsageError
from opsharden.evidence import tables
from opsharden.evidence.content import digest, read_control, read_selection
from opsharden.evidence.owner import Owner
from opsharden.model import Change, Control, HostStatus, Member, Run, RunState

LATEST = "latest"
T = TypeVar("T")


def find_run(connection: Connection, reference: str) -> Run:
    """The run a user means.

    Args:
        connection: Where to look.
        reference: Its id, the beginning of one that no other run shares, or `latest`.

    Raises:
        UsageError: None or several runs are meant.
    """
    if reference == LATEST:
        newest = list_runs(connection, limit=1, verb=None)
        if not newest:
            raise UsageError("There are no runs yet.", "Run `opsharden verify` first.")
        return newest[0]
    exact = connection.execute(select(tables.run).where(tables.run.c.id == reference)).one_or_none()
    if exact is not None:
        return _run(exact)
    alike = connection.execute(
        select(tables.run).where(tables.run.c.id.startswith(reference, autoescape=True)).order_by(tables.run.c.id)
    ).all()
    if not alike or not reference:
        raise UsageError(f"There is no run {reference!r}.", "`opsharden runs list` shows them all.")
    if len(alike) > 1:
        raise UsageError(
            f"{reference!r} is the beginning of {len(alike)} runs, of {alike[0].id} and {alike[1].id} for two.",
            "Give more of the id, or `latest`.",
        )
    return _run(alike[0])


def list_runs(connection: Connection, *, limit: int | None, verb: str | None) -> tuple[Run, ...]:
    """Newest first."""
    query = select(tables.run).order_by(tables.run.c.started_at.desc(), tables.run.c.key.desc()).limit(limit)
    if verb is not None:
        query = query.where(tables.run.c.verb == verb)
    return tuple(_run(row) for row in connection.execute(query))


def running(connection: Connection) -> tuple[tuple[Run, Owner], ...]:
    """The runs that say they are running, and the process each belongs to."""
    rows = connection.execute(select(tables.run).where(tables.run.c.state == RunState.RUNNING))
    return tuple((_run(row), Owner(row.owner_node, row.owner_boot, row.owner_pid, row.owner_started)) for row in rows)


def members(connection: Connection, run: Run, changed: frozenset[str]) -> tuple[Member, ...]:
    """The population. A host that was to be tested, in a run that ended before its turn, was not tested.

    Args:
        connection: Where to look.
        run: Whose.
        changed: The hosts Ansible worked on in this run: their turn had come.
    """
    found = []
    selections = _selections(connection, run)
    for row in connection.execute(
        select(tables.member).where(tables.member.c.run_key == run_key(run)).order_by(tables.member.c.key)
    ):
        member = Member(row.host, row.status, row.reason, row.cause, selections.get(row.selection_key, ()))
        had_its_turn = row.sheet_key is not None or row.host in changed
        if run.state is not RunState.COMPLETE and member.status is HostStatus.TESTED and not had_its_turn:
            member = replace(member, status=HostStatus.EXCLUDED, reason=f"not looked at: the run is {run.state}")
        found.append(member)
    return tuple(found)


def _selections(connection: Connection, run: Run) -> dict[int, tuple[str, ...]]:
    """The selections of controls that hosts of the run were not looked at for, by key: few serve many hosts."""
    wanted = select(tables.member.c.selection_key).where(tables.member.c.run_key == run_key(run))
    found = {}
    for row in connection.execute(select(tables.selection).where(tables.selection.c.key.in_(wanted))):
        found[row.key] = held(row, run, "what was to be looked at", read_selection)
    return found


def changes(connection: Connection, run: Run) -> tuple[Change, ...]:
    """What Ansible did, in order."""
    rows = connection.execute(
        select(tables.change).where(tables.change.c.run_key == run_key(run)).order_by(tables.change.c.key)
    )
    return tuple(Change(row.host, row.role, row.task, row.status, row.message) for row in rows)


def controls(connection: Connection, run: Run) -> dict[str, Control]:
    """The controls the run asked for, as they were then.

    Raises:
        EvidenceError: One is not what its digest says.
    """
    rows = connection.execute(
        select(tables.control)
        .join(tables.run_control)
        .where(tables.run_control.c.run_key == run_key(run))
        .order_by(tables.run_control.c.seq)
    )
    found = {}
    for row in rows:
        control = held(row, run, f"control {row.id}", read_control)
        intact(row.id == control.id, run, f"control {row.id}")
        found[control.id] = control
    return found


def run_key(run: Run) -> ScalarSelect[int]:
    """The key of a run, as a part of a query."""
    return select(tables.run.c.key).where(tables.run.c.id == run.id).scalar_subquery()


def held(row: Row[Any], run: Run, what: str, read: Callable[[bytes], T]) -> T:
    """What a row's content says, held to its digest.

    Raises:
        EvidenceError: It is not what it was.
    """
    # SQLite keeps a text in a column of bytes, if one is put there.
    intact(isinstance(row.content, bytes) and digest(row.content) == row.digest, run, what)
    try:
        return read(row.content)
    except ValueError:  # a digest that is right, of what none of ours has filed
        intact(False, run, what)
        raise


def intact(holds: bool, run: Run, what: str) -> None:
    """Say so where what is on file is not what it was.

    Raises:
        EvidenceError: It is not what it was.
    """
    if not holds:
        raise EvidenceError(
            f"The evidence of run {run.id} was altered or damaged: {what} does not match its digest.",
            "It was left as it is. Compare the database with a backup, and find out who can write to it.",
        )


def _run(row: Row[Any]) -> Run:
    columns = {field.name: getattr(row, field.name) for field in fields(Run)}
    return Run(**{**columns, "profiles": tuple(row.profiles)})
