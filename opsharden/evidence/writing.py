"""Statements that add to the store. Each works in the transaction of the connection it is given."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import TypeVar

from sqlalchemy import Connection, Table, delete, func, insert, literal, select, update

from opsharden.errors import EvidenceError
from opsharden.evidence import tables
from opsharden.evidence.content import (
    SHEET,
    control_content,
    digest,
    finding_content,
    selection_content,
    sheet_content,
)
from opsharden.evidence.keys import BATCH, keys_of
from opsharden.evidence.owner import Owner
from opsharden.evidence.timing import pack
from opsharden.model import Change, Control, Finding, Member, Observation, Run

T = TypeVar("T")


def insert_run(connection: Connection, run: Run, owner: Owner) -> None:
    """File a run as it starts."""
    connection.execute(
        insert(tables.run).values(
            **asdict(run),
            owner_node=owner.node,
            owner_boot=owner.boot,
            owner_pid=owner.pid,
            owner_started=owner.started,
        )
    )


def open_run_key(connection: Connection, run_id: str) -> int:
    """The key of a run that may still be added to.

    Raises:
        EvidenceError: No such run, or it has ended: what it came to is not changed any more.
    """
    row = connection.execute(
        select(tables.run.c.key, tables.run.c.ended_at).where(tables.run.c.id == run_id)
    ).one_or_none()
    if row is None:
        raise EvidenceError(f"Nothing can be filed for run {run_id}: it was never begun.")
    if row.ended_at is not None:
        raise EvidenceError(f"Nothing can be filed for run {run_id} any more: it has ended.")
    return int(row.key)


def insert_controls(connection: Connection, run_key: int, controls: Iterable[Control]) -> None:
    """File the controls a run asks for, as they are now."""
    rows = _by_digest((control_content(control), control) for control in controls)
    keys = _keep(connection, tables.control, rows, lambda filed: {"content": filed[0], "id": filed[1].id})
    start = connection.scalar(
        select(func.count()).select_from(tables.run_control).where(tables.run_control.c.run_key == run_key)
    )
    _insert_all(
        connection,
        tables.run_control,
        [{"run_key": run_key, "seq": seq, "control_key": keys[each]} for seq, each in enumerate(rows, start or 0)],
    )


def insert_members(connection: Connection, run_key: int, members: Iterable[Member]) -> None:
    """File the population of a run."""
    _insert_all(connection, tables.member, [_said(member) | {"run_key": run_key} for member in members])


def insert_changes(connection: Connection, run_key: int, changes: Iterable[Change]) -> None:
    """File what Ansible did."""
    _insert_all(connection, tables.change, [asdict(change) | {"run_key": run_key} for change in changes])


def file_member(connection: Connection, run_key: int, member: Member, sheet: int | None, timing: bytes | None) -> None:
    """File what became of one host, once.

    Raises:
        EvidenceError: The host has a sheet in this run already.
    """
    table = tables.member
    where = (table.c.run_key == run_key) & (table.c.host == member.host)
    filed = connection.execute(select(table.c.key, table.c.sheet_key).where(where)).one_or_none()
    selection = _keep_selection(connection, member.controls)
    values = _said(member) | {"run_key": run_key, "sheet_key": sheet, "timing": timing, "selection_key": selection}
    if filed is None:
        connection.execute(insert(table).values(**values))
    elif filed.sheet_key is None:
        connection.execute(update(table).where(table.c.key == filed.key).values(**values))
    else:
        raise EvidenceError(f"{member.host} was filed twice in one run; the first result was kept.")


def carry(connection: Connection, run_key: int, before: int, hosts: Iterable[str]) -> None:
    """File for a run what another run came to for these hosts: their rows point at the same sheets."""
    table = tables.member
    same = [column for column in table.c if column.name not in ("key", "run_key", "host")]
    wanted = list(hosts)
    for start in range(0, len(wanted), BATCH):
        batch = wanted[start : start + BATCH]
        taken = [table.c.sheet_key.is_(None), table.c.selection_key.is_(None)]
        connection.execute(
            delete(table).where(table.c.run_key == run_key, table.c.host.in_(batch), *taken)  # only announced so far
        )
        rows = select(literal(run_key), table.c.host, *same).where(table.c.run_key == before, table.c.host.in_(batch))
        names = ["run_key", "host", *(column.name for column in same)]
        connection.execute(insert(table).from_select(names, rows))


def _said(member: Member) -> dict[str, object]:
    """What a member's row holds of it itself."""
    return {"host": member.host, "status": member.status, "reason": member.reason, "cause": member.cause}


def _keep_selection(connection: Connection, controls: Sequence[str]) -> int | None:
    if not controls:
        return None
    content = selection_content(controls)
    filed_as = digest(content)
    return _keep(connection, tables.selection, {filed_as: content}, lambda filed: {"content": filed})[filed_as]


def keep_sheet(
    connection: Connection, host: str, findings: Sequence[Finding], observations: Sequence[Observation]
) -> tuple[int, bytes]:
    """Store what one host came to, where no equal host has come to it before.

    Args:
        connection: Where to.
        host: The host it is about; observations of other hosts are marked as looked from there.
        findings: In the order they were made.
        observations: In the order they were taken.

    Returns:
        The sheet's key, and the packed times.

    Raises:
        EvidenceError: A finding stands on an observation that is nowhere on file.
    """
    timing = pack(observations, findings)
    peers = [(seen.digest, "" if seen.host == host else seen.host) for seen in observations]
    contents = [finding_content(finding) for finding in findings]
    order = [digest(content) for content in contents]
    filed_as = digest(sheet_content(order, peers))
    known = connection.scalar(select(tables.sheet.c.key).where(tables.sheet.c.digest == filed_as))
    if known is not None:
        return known, timing

    observation_keys = _keep_observations(connection, observations)
    finding_keys = _keep_findings(connection, _by_digest(zip(contents, findings, strict=True)), observation_keys)
    sheet_key = _keep(connection, tables.sheet, {filed_as: SHEET}, lambda number: {"format": number})[filed_as]
    _insert_all(
        connection,
        tables.sheet_finding,
        [{"sheet_key": sheet_key, "seq": seq, "finding_key": finding_keys[each]} for seq, each in enumerate(order)],
    )
    _insert_all(
        connection,
        tables.sheet_observation,
        [
            {"sheet_key": sheet_key, "seq": seq, "observation_key": observation_keys[each], "peer": peer}
            for seq, (each, peer) in enumerate(peers)
        ],
    )
    return sheet_key, timing


def _keep_observations(connection: Connection, observations: Iterable[Observation]) -> dict[str, int]:
    rows = {seen.digest: seen for seen in observations}
    return _keep(connection, tables.observation, rows, lambda seen: {"content": seen.content})


def _keep_findings(
    connection: Connection, findings: Mapping[str, tuple[bytes, Finding]], observation_keys: Mapping[str, int]
) -> dict[str, int]:
    def row(filed: tuple[bytes, Finding]) -> dict[str, object]:
        content, finding = filed
        if missing := [each for each in finding.observations if each not in on_file]:
            raise EvidenceError(f"{finding.control} on {finding.host} stands on {missing[0]}, which was not filed.")
        return {"content": content, "control": finding.control, "verdict": finding.verdict.value}

    cited = {each for _, finding in findings.values() for each in finding.observations}
    on_file = {*observation_keys, *keys_of(connection, tables.observation, cited - observation_keys.keys())}
    return _keep(connection, tables.finding, findings, row)


def _by_digest(filed: Iterable[tuple[bytes, T]]) -> dict[str, tuple[bytes, T]]:
    return {digest(content): (content, each) for content, each in filed}


def _keep(
    connection: Connection, table: Table, filed: Mapping[str, T], row: Callable[[T], Mapping[str, object]]
) -> dict[str, int]:
    """Store by digest what is not there yet, each as the row that is made of it; the keys of all, by digest.

    The write lock is held, so nobody adds the same in between.
    """
    known = keys_of(connection, table, filed)
    _insert_all(connection, table, [{"digest": new, **row(filed[new])} for new in filed if new not in known])
    return {**known, **keys_of(connection, table, filed.keys() - known.keys())}


def _insert_all(connection: Connection, table: Table, rows: Sequence[Mapping[str, object]]) -> None:
    if rows:
        connection.execute(insert(table), rows)
