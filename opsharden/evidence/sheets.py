"""What hosts came to, read back: findings and observations, each piece checked against its digest.

Few sheets serve many hosts, and few findings many sheets: each is read and kept once, whatever the number of hosts.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, Row, Select, select

from opsharden.evidence import tables
from opsharden.evidence.content import digest, read_finding, read_observation, sheet_content
from opsharden.evidence.keys import keys_of
from opsharden.evidence.reading import held, intact, run_key
from opsharden.evidence.timing import Timing, unpack
from opsharden.findings import Findings, Sheet
from opsharden.model import Finding, Observation, Run

_SHEET = "what one host came to"


def findings(connection: Connection, run: Run) -> Findings:
    """All findings, host by host.

    Raises:
        EvidenceError: A finding, or a host's sheet, is not what its digest says.
    """
    sheets = _findings_by_sheet(connection, run)
    found = []
    for host, sheet_key, timing in _sheets(connection, run):
        said = sheets.get(sheet_key)
        intact(said is not None and len(said) == len(timing.checked), run, _SHEET)
        found.append(Sheet(host, said or (), array("d", timing.checked)))
    return Findings(found)


def observed(connection: Connection, run: Run, host: str | None = None) -> Iterator[tuple[str, list[Observation]]]:
    """The observations of a run, one host after the other, in the order they were taken.

    Args:
        connection: Where to look.
        run: Whose.
        host: Only what was taken for this one.

    Raises:
        EvidenceError: An observation is not what its digest says.
    """
    kept: dict[int, list[Observation]] = {}
    for name, sheet_key, timing in _sheets(connection, run, host):
        seen = kept.get(sheet_key)
        if seen is None:
            # Equal hosts are filed one after the other more often than not: the last sheet is most of what is needed.
            kept = {sheet_key: (seen := _observations(connection, run, sheet_key))}
        intact(len(seen) == len(timing.taken), run, _SHEET)
        yield (
            name,
            [
                replace(each, host=each.host or name, taken_at=taken_at, seconds=seconds)
                for each, (taken_at, seconds) in zip(seen, timing.taken, strict=True)
            ],
        )


def first_observed(connection: Connection, run: Run) -> dict[str, Observation]:
    """Each observation of a run once, with the name and time of the first host it was taken for.

    Raises:
        EvidenceError: An observation is not what its digest says.
    """
    known: set[int] = set()
    found: dict[str, Observation] = {}
    for host, sheet_key, timing in _sheets(connection, run):
        if sheet_key in known:
            continue
        known.add(sheet_key)
        query = (
            select(tables.sheet_observation.c.peer, tables.observation.c.digest)
            .join(tables.observation)
            .where(tables.sheet_observation.c.sheet_key == sheet_key)
            .order_by(tables.sheet_observation.c.seq)
        )
        places = [
            (row.digest, row.peer, *when)
            for row, when in zip(connection.execute(query), timing.taken, strict=True)
            if row.digest not in found
        ]
        if not places:
            continue
        new = {seen.filed_as: seen for seen in _observations(connection, run, sheet_key)}
        for seen, peer, taken_at, seconds in places:
            found.setdefault(seen, replace(new[seen], host=peer or host, taken_at=taken_at, seconds=seconds))
    return found


def _observations(connection: Connection, run: Run, sheet_key: int) -> list[Observation]:
    query = (
        select(tables.sheet_observation.c.peer, tables.observation)
        .join(tables.observation)
        .where(tables.sheet_observation.c.sheet_key == sheet_key)
        .order_by(tables.sheet_observation.c.seq)
    )
    return [_observation(row, run) for row in connection.execute(query)]


def _observation(row: Row[Any], run: Run) -> Observation:
    said = held(row, run, "an answer of a host", read_observation)
    return Observation(host=row.peer, taken_at=run.started_at, seconds=0.0, **said)


def _findings_by_sheet(connection: Connection, run: Run) -> dict[int, tuple[Finding, ...]]:
    """The findings of every sheet of a run, without host and time."""
    taken = _taken(connection, run)
    said, digests = _said(connection, run, {seen for pairs in taken.values() for seen, _ in pairs})
    table = tables.sheet_finding
    query = (
        select(table.c.sheet_key, table.c.finding_key)
        .where(_of(run, table.c.sheet_key))
        .order_by(table.c.sheet_key, table.c.seq)
    )
    order = {key: [row.finding_key for row in rows] for key, rows in _by_sheet(connection.execute(query))}
    sheets = {}
    for row in connection.execute(select(tables.sheet).where(_of(run, tables.sheet.c.key))):
        keys = order.get(row.key, ())
        content = sheet_content([digests.get(key, "") for key in keys], taken.get(row.key, ()), row.format)
        intact(digest(content) == row.digest, run, _SHEET)
        sheets[row.key] = tuple(said[key] for key in keys)
    return sheets


def _by_sheet(rows: Iterable[Row[Any]]) -> Iterator[tuple[int, Iterator[Row[Any]]]]:
    return groupby(rows, key=lambda row: row.sheet_key)


def _said(connection: Connection, run: Run, taken: set[str]) -> tuple[dict[int, Finding], dict[int, str]]:
    """Each finding of a run once, and its digest, by key.

    Args:
        connection: Where to look.
        run: Whose.
        taken: Digests of its observations. What a finding stands on is one of them, or another run filed it.
    """
    said: dict[int, Finding] = {}
    digests: dict[int, str] = {}
    wanted = select(tables.sheet_finding.c.finding_key).where(_of(run, tables.sheet_finding.c.sheet_key))
    for row in connection.execute(select(tables.finding).where(tables.finding.c.key.in_(wanted))):
        finding = held(row, run, f"a finding on {row.control}", read_finding)
        beside = (row.control, row.verdict) == (finding.control, finding.verdict)
        intact(beside, run, f"a finding on {finding.control}")
        said[row.key], digests[row.key] = finding, row.digest
    elsewhere = {seen for finding in said.values() for seen in finding.observations} - taken
    intact(keys_of(connection, tables.observation, elsewhere).keys() == elsewhere, run, "what a finding stands on")
    return said, digests


def _taken(connection: Connection, run: Run) -> dict[int, list[tuple[str, str]]]:
    """Digest and peer of each observation, by sheet."""
    table = tables.sheet_observation
    query = (
        select(table.c.sheet_key, tables.observation.c.digest, table.c.peer)
        .join(tables.observation)
        .where(_of(run, table.c.sheet_key))
        .order_by(table.c.sheet_key, table.c.seq)
    )
    # Each digest and name once, however many sheets have it.
    words: dict[str, str] = {}
    return {
        key: [(words.setdefault(row.digest, row.digest), words.setdefault(row.peer, row.peer)) for row in rows]
        for key, rows in _by_sheet(connection.execute(query))
    }


def _sheets(connection: Connection, run: Run, host: str | None = None) -> Iterator[tuple[str, int, Timing]]:
    """Host, sheet and times of every host that has a sheet in the run."""
    table = tables.member
    query = select(table.c.host, table.c.sheet_key, table.c.timing).where(
        table.c.run_key == run_key(run), table.c.sheet_key.is_not(None)
    )
    if host is not None:
        query = query.where(table.c.host == host)
    for row in connection.execute(query.order_by(table.c.key)):
        try:
            timing = unpack(row.timing)
        except ValueError:
            intact(False, run, "when a host was looked at")
            raise
        yield row.host, row.sheet_key, timing


def _of(run: Run, column: Any) -> Any:
    """That a sheet's key is one of the run's."""
    table = tables.member
    keys: Select[tuple[int | None]] = select(table.c.sheet_key).where(
        table.c.run_key == run_key(run), table.c.sheet_key.is_not(None)
    )
    return column.in_(keys)
