"""Queries. What is stored by content is checked against its digest whenever it is read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, Row, ScalarSelect, Select, select

from opsharden.errors import EvidenceError, UsageError
from opsharden.evidence import tables
from opsharden.evidence.content import control_digest, finding_digest, sheet_digest
from opsharden.evidence.owner import Owner
from opsharden.evidence.timing import Timing, unpack
from opsharden.model import Change, Control, Finding, HostStatus, Member, Observation, Run, RunState

LATEST = "latest"


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
    for row in connection.execute(
        select(tables.member).where(tables.member.c.run_key == _key(run)).order_by(tables.member.c.key)
    ):
        member = Member(row.host, row.status, row.reason)
        had_its_turn = row.sheet_key is not None or row.host in changed
        if run.state is not RunState.COMPLETE and member.status is HostStatus.TESTED and not had_its_turn:
            member = replace(member, status=HostStatus.EXCLUDED, reason=f"not looked at: the run is {run.state}")
        found.append(member)
    return tuple(found)


def changes(connection: Connection, run: Run) -> tuple[Change, ...]:
    """What Ansible did, in order."""
    rows = connection.execute(
        select(tables.change).where(tables.change.c.run_key == _key(run)).order_by(tables.change.c.key)
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
        .where(tables.run_control.c.run_key == _key(run))
        .order_by(tables.run_control.c.seq)
    )
    found = {}
    for row in rows:
        control = Control(
            id=row.id,
            title=row.title,
            why=row.why,
            severity=row.severity,
            role=row.role,
            level=row.level,
            risk=row.risk,
            references={name: tuple(numbers) for name, numbers in row.references.items()},
        )
        _intact(control_digest(control) == row.digest, run, f"control {row.id}")
        found[control.id] = control
    return found


def findings(connection: Connection, run: Run) -> tuple[Finding, ...]:
    """All findings, host by host.

    Raises:
        EvidenceError: A finding, or a host's sheet, is not what its digest says.
    """
    sheets = _findings_by_sheet(connection, run)
    found: list[Finding] = []
    for host, sheet_key, timing in _sheets(connection, run):
        for finding, seconds in zip(sheets.get(sheet_key, ()), timing.checked, strict=True):
            found.append(replace(finding, host=host, seconds=seconds))
    return tuple(found)


def observed(connection: Connection, run: Run) -> dict[str, tuple[Observation, ...]]:
    """All observations of a run by the host they were taken for, in the order they were taken.

    Raises:
        EvidenceError: An observation is not what its digest says.
    """
    sheets: dict[int, list[Observation]] = {}
    query = (
        select(tables.sheet_observation.c.sheet_key, tables.sheet_observation.c.peer, tables.observation)
        .join(tables.observation)
        .where(tables.sheet_observation.c.sheet_key.in_(_sheet_keys(run)))
        .order_by(tables.sheet_observation.c.sheet_key, tables.sheet_observation.c.seq)
    )
    for row in connection.execute(query):
        answer = (row.rc, row.stdout, row.stderr)
        how = {"truncated": row.truncated, "native": row.native}
        seen = Observation(row.peer, row.command, *answer, run.started_at, 0.0, **how)
        _intact(seen.digest == row.digest, run, f"the answer to {row.command!r}")
        sheets.setdefault(row.sheet_key, []).append(seen)
    return {
        host: tuple(
            replace(seen, host=seen.host or host, taken_at=taken_at, seconds=seconds)
            for seen, (taken_at, seconds) in zip(sheets.get(sheet_key, ()), timing.taken, strict=True)
        )
        for host, sheet_key, timing in _sheets(connection, run)
    }


def _findings_by_sheet(connection: Connection, run: Run) -> dict[int, list[Finding]]:
    """The findings of every sheet of a run, without host and time: few sheets serve many hosts."""
    cited = _citations(connection, run)
    query = (
        select(tables.sheet_finding.c.sheet_key, tables.finding)
        .join(tables.finding)
        .where(tables.sheet_finding.c.sheet_key.in_(_sheet_keys(run)))
        .order_by(tables.sheet_finding.c.sheet_key, tables.sheet_finding.c.seq)
    )
    sheets: dict[int, list[Finding]] = {}
    digests: dict[int, list[str]] = {}
    for row in connection.execute(query):
        stands_on = tuple(cited.get(row.key, ()))
        words = row.observed, row.expected, row.reason
        finding = Finding("", row.control, row.verdict, *words, stands_on, by_hand=row.by_hand)
        _intact(finding_digest(finding) == row.digest, run, f"a finding on {row.control}")
        sheets.setdefault(row.sheet_key, []).append(finding)
        digests.setdefault(row.sheet_key, []).append(row.digest)
    _check_sheets(connection, run, digests)
    return sheets


def _check_sheets(connection: Connection, run: Run, finding_digests: dict[int, list[str]]) -> None:
    taken: dict[int, list[tuple[str, str]]] = {}
    query = (
        select(tables.sheet_observation.c.sheet_key, tables.observation.c.digest, tables.sheet_observation.c.peer)
        .join(tables.observation)
        .where(tables.sheet_observation.c.sheet_key.in_(_sheet_keys(run)))
        .order_by(tables.sheet_observation.c.sheet_key, tables.sheet_observation.c.seq)
    )
    for row in connection.execute(query):
        taken.setdefault(row.sheet_key, []).append((row.digest, row.peer))
    for row in connection.execute(select(tables.sheet).where(tables.sheet.c.key.in_(_sheet_keys(run)))):
        digest = sheet_digest(finding_digests.get(row.key, ()), taken.get(row.key, ()))
        _intact(digest == row.digest, run, "what one host came to")


def _citations(connection: Connection, run: Run) -> dict[int, list[str]]:
    """The digests each finding of a run stands on, by the finding's key."""
    wanted = select(tables.sheet_finding.c.finding_key).where(tables.sheet_finding.c.sheet_key.in_(_sheet_keys(run)))
    query = (
        select(tables.finding_observation.c.finding_key, tables.observation.c.digest)
        .join(tables.observation)
        .where(tables.finding_observation.c.finding_key.in_(wanted))
        .order_by(tables.finding_observation.c.finding_key, tables.finding_observation.c.seq)
    )
    cited: dict[int, list[str]] = {}
    for row in connection.execute(query):
        cited.setdefault(row.finding_key, []).append(row.digest)
    return cited


def _sheets(connection: Connection, run: Run) -> Iterator[tuple[str, int, Timing]]:
    """Host, sheet and times of every host that has a sheet in the run."""
    for row in connection.execute(
        select(tables.member).where(tables.member.c.run_key == _key(run)).order_by(tables.member.c.key)
    ):
        if row.sheet_key is not None:
            yield row.host, row.sheet_key, unpack(row.timing)


def _sheet_keys(run: Run) -> Select[tuple[int | None]]:
    table = tables.member
    return select(table.c.sheet_key).where(table.c.run_key == _key(run), table.c.sheet_key.is_not(None))


def _key(run: Run) -> ScalarSelect[int]:
    return select(tables.run.c.key).where(tables.run.c.id == run.id).scalar_subquery()


def _intact(holds: bool, run: Run, what: str) -> None:
    if not holds:
        raise EvidenceError(
            f"The evidence of run {run.id} was altered or damaged: {what} does not match its digest.",
            "It was left as it is. Compare the database with a backup, and find out who can write to it.",
        )


def _run(row: Row[Any]) -> Run:
    return Run(
        id=row.id,
        verb=row.verb,
        state=row.state,
        started_at=row.started_at,
        operator=row.operator,
        control_node=row.control_node,
        command=row.command,
        version=row.version,
        inventory_digest=row.inventory_digest,
        content_digest=row.content_digest,
        profiles=tuple(row.profiles),
        ended_at=row.ended_at,
        exit_code=row.exit_code,
        parent=row.parent,
    )
