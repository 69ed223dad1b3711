"""The evidence store: what runs leave behind, safe from crashes of ours and of the machine."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import Self

from sqlalchemy import Connection, Engine, select, update

from opsharden.errors import EvidenceError
from opsharden.evidence import reading, schema, sheets, tables, writing
from opsharden.evidence.engine import connect, for_writing, locate, prepare, rebuilding
from opsharden.evidence.faults import in_plain_words
from opsharden.evidence.ids import new_run_id
from opsharden.evidence.owner import Owner
from opsharden.evidence.redact import Censor, Redact, unchanged
from opsharden.evidence.together import Together
from opsharden.model import Change, Control, Finding, HostStatus, Member, Observation, Run, RunRecord, RunState

BUSY_TIMEOUT = 30.0


class Store:
    """One database of runs. Use it as a context manager; any thread may call it.

    Writes go one at a time, here by a lock and among processes by the database's; each call ends with the transaction
    it was in, so what was filed stays filed whatever happens next. Every method raises `EvidenceError` where the
    database cannot be read or written.
    """

    def __init__(self, engine: Engine, where: str, redact: Redact, busy_timeout: float) -> None:
        self._engine = engine
        self._writing_engine = for_writing(engine)
        self._one_writer = Lock()
        self._where = where
        self._busy_timeout = busy_timeout
        self._censor = Censor(redact)
        self._together = Together(self._writing_engine.begin, self._one_writer)

    @classmethod
    def open(
        cls,
        database: str | Path,
        *,
        redact: Redact = unchanged,
        create: bool = True,
        busy_timeout: float = BUSY_TIMEOUT,
    ) -> Store:
        """Open a database, made and brought up to date where needed.

        Args:
            database: A file, or an SQLAlchemy URL. A new file is readable by its owner only.
            redact: Takes secrets out of whatever is filed; `opsharden.redaction.Redactor` for one.
            create: Whether a missing database is made. Verbs that only read say no.
            busy_timeout: Seconds to wait for another process's write.

        Raises:
            EvidenceError: It cannot be used: missing, damaged, locked, read-only, of a newer opsharden, not SQLite.
        """
        url = locate(database)
        where = url.database or ""
        store = cls(connect(url, create=create, busy_timeout=busy_timeout), where, redact, busy_timeout)
        try:
            with store._read() as connection:
                current = schema.is_current(connection)
            if not current:
                with in_plain_words(where, busy_timeout), rebuilding(store._writing_engine) as connection:
                    schema.upgrade(connection, where)
            with in_plain_words(where, busy_timeout):
                prepare(store._engine)
        except BaseException:
            store.close()
            raise
        return store

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the database."""
        with in_plain_words(self._where, self._busy_timeout):
            self._engine.dispose()

    def has_secret(self, text: str) -> bool:
        """Whether a text holds a secret that must not be written down here, nor anywhere else."""
        return self._censor.finds(text)

    def without_secrets(self, text: str) -> str:
        """A text as it would be filed, for whoever shows it before it is."""
        return self._censor.text(text)

    # -- filing a run, in the order it happens

    def begin(self, run: Run) -> Run:
        """File a run before it does anything, so that even one that dies at once is on record.

        Returns:
            The run as filed: under a new id where another one of that second has drawn the same.
        """
        kept = self._censor.run(run)
        with self._write() as connection:
            while connection.scalar(select(tables.run.c.key).where(tables.run.c.id == kept.id)) is not None:
                kept = replace(kept, id=new_run_id(kept.started_at))
            writing.insert_run(connection, kept, Owner.current())
        return kept

    def add_controls(self, run_id: str, controls: Iterable[Control]) -> None:
        """File the controls a run asks for, as they are now: evidence must be readable without the roles."""
        with self._write() as connection:
            writing.insert_controls(connection, writing.open_run_key(connection, run_id), controls)

    def add_members(self, run_id: str, members: Iterable[Member]) -> None:
        """File the population of a run before its hosts are looked at. `add_host` has the last word on each."""
        kept = [self._censor.member(member) for member in members]
        with self._write() as connection:
            writing.insert_members(connection, writing.open_run_key(connection, run_id), kept)

    def add_host(
        self, run_id: str, member: Member, findings: Sequence[Finding], observations: Sequence[Observation]
    ) -> None:
        """File one host as soon as it is finished.

        Args:
            run_id: The run, begun and not finished.
            member: What became of the host, whether or not `add_members` announced it.
            findings: All of this host, in the order they are to be reported.
            observations: All that were taken for it, also those no finding stands on, in the order they were taken.
                One of another host (a check that looks from elsewhere) keeps that host's name.

        Raises:
            ValueError: A finding is of another host.
            EvidenceError: Also where a finding stands on an observation that was not filed.
        """
        if strangers := {finding.host for finding in findings} - {member.host}:
            raise ValueError(f"findings of {sorted(strangers)} filed for {member.host}")
        kept = [self._censor.observation(seen) for seen in observations]
        kept_as = {seen.digest: safe.digest for seen, safe in zip(observations, kept, strict=True)}
        clean = [self._censor.finding(finding, kept_as) for finding in findings]
        known = self._censor.member(member)

        def write(connection: Connection) -> None:
            run_key = writing.open_run_key(connection, run_id)
            sheet, timing = None, None
            if member.status is HostStatus.TESTED or clean or kept:
                sheet, timing = writing.keep_sheet(connection, member.host, clean, kept)
            writing.file_member(connection, run_key, known, sheet, timing)

        with in_plain_words(self._where, self._busy_timeout):
            self._together.write(write)

    def carry(self, run_id: str, before: str, hosts: Iterable[str]) -> None:
        """File for hosts what an earlier run came to: they were not touched since.

        Args:
            run_id: The run, begun and not finished.
            before: The id of the earlier run.
            hosts: Inventory names, announced by `add_members` and not looked at in this run.
        """
        with self._write() as connection:
            run_key = writing.open_run_key(connection, run_id)
            earlier = connection.scalar(select(tables.run.c.key).where(tables.run.c.id == before))
            if earlier is None:
                raise EvidenceError(f"Nothing can be carried over from run {before}: it is not on file.")
            writing.carry(connection, run_key, earlier, hosts)

    def add_changes(self, run_id: str, changes: Iterable[Change]) -> None:
        """File what Ansible changed, or failed to."""
        kept = [self._censor.change(change) for change in changes]
        with self._write() as connection:
            writing.insert_changes(connection, writing.open_run_key(connection, run_id), kept)

    def finish(self, run_id: str, state: RunState, exit_code: int, ended_at: datetime) -> None:
        """Close a run: nothing can be filed for it afterwards."""
        with self._write() as connection:
            key = writing.open_run_key(connection, run_id)
            connection.execute(
                update(tables.run)
                .where(tables.run.c.key == key)
                .values(state=state, exit_code=exit_code, ended_at=ended_at)
            )

    def reap(self) -> tuple[Run, ...]:
        """Mark runs as interrupted whose process is gone. Call it at every start, lest they look running for ever.

        Runs of other control nodes are left alone: their processes cannot be seen from here.

        Returns:
            The runs that were marked, as they are now.
        """
        with self._read() as connection:
            dead = [run for run, owner in reading.running(connection) if owner.is_gone()]
        if not dead:
            return ()
        marked = []
        with self._write() as connection:
            for run in dead:
                still = (tables.run.c.id == run.id) & (tables.run.c.state == RunState.RUNNING)
                if connection.execute(update(tables.run).where(still).values(state=RunState.INTERRUPTED)).rowcount:
                    marked.append(replace(run, state=RunState.INTERRUPTED))
        return tuple(marked)

    # -- looking at runs

    def run(self, reference: str) -> Run:
        """The run a user means: its id, a beginning only it has, or `latest`.

        Raises:
            UsageError: None or several runs are meant.
        """
        with self._read() as connection:
            return reading.find_run(connection, reference)

    def runs(self, *, limit: int | None = None, verb: str | None = None) -> tuple[Run, ...]:
        """Runs, newest first; all of them where no limit is given."""
        with self._read() as connection:
            return reading.list_runs(connection, limit=limit, verb=verb)

    def record(self, reference: str, *, observations: bool = False) -> RunRecord:
        """A run with all it left behind, each piece checked against its digest.

        Args:
            reference: As for `run`.
            observations: Whether to load the observations too, each once: where equal hosts gave the same answer, it
                carries the first one's name and time. `observed` has them all.

        Raises:
            UsageError: None or several runs are meant.
            EvidenceError: Also where something was altered or damaged.
        """
        with self._read() as connection:
            run = reading.find_run(connection, reference)
            changes = reading.changes(connection, run)
            return RunRecord(
                run=run,
                members=reading.members(connection, run, frozenset(change.host for change in changes)),
                findings=sheets.findings(connection, run),
                changes=changes,
                controls=reading.controls(connection, run),
                observations=sheets.first_observed(connection, run) if observations else {},
            )

    def observed(self, reference: str) -> dict[str, tuple[Observation, ...]]:
        """All observations of a run by the host they were taken for, in order, each with its own time.

        Raises:
            UsageError: None or several runs are meant.
            EvidenceError: Also where something was altered or damaged.
        """
        with self._read() as connection:
            run = reading.find_run(connection, reference)
            return {host: tuple(taken) for host, taken in sheets.observed(connection, run)}

    def observed_of(self, reference: str, host: str) -> tuple[Observation, ...]:
        """What was taken for one host: as `observed`, for those who go through a fleet one by one."""
        with self._read() as connection:
            run = reading.find_run(connection, reference)
            return tuple(each for _, taken in sheets.observed(connection, run, host) for each in taken)

    @contextmanager
    def _read(self) -> Iterator[Connection]:
        with in_plain_words(self._where, self._busy_timeout), self._engine.connect() as connection:
            yield connection

    @contextmanager
    def _write(self) -> Iterator[Connection]:
        with (
            self._one_writer,
            in_plain_words(self._where, self._busy_timeout),
            self._writing_engine.begin() as connection,
        ):
            yield connection
