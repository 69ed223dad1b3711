"""The tables, as one picture.

    run ──< run_control >── control                       what was asked
     │
     ├──< member >── selection                            what nobody looked at, where a host could not be reached
     ├──< member >── sheet ──< sheet_finding >── finding
     │                    └──< sheet_observation >── observation
     └──< change                                          what Ansible did

Controls and everything right of `member` are content-addressed: stored once under their SHA-256 however many hosts and
runs come to them, as the very bytes that were digested (see `content`). What is searched for stands in columns beside
these, and is held to them. Only a sheet, a list of digests, is kept as rows, and its bytes are put together from these.
A sheet is all one host came to in one run, so a host that did not change costs one `member` row per run.
What does differ every time, the clock, is packed into that row (see `timing`).

Nothing here is special to SQLite.
"""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    DateTime,
    Enum,
    ForeignKey,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    text,
)

from opsharden.model import ChangeStatus, HostStatus, RunState, TriggerKind

if TYPE_CHECKING:
    from sqlalchemy.engine import Dialect


class Utc(TypeDecorator[datetime]):
    """A point in time. A naive one is refused: nobody could tell later which clock it was read from."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Convert to UTC on the way in."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value.isoformat()} has no time zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """SQLite hands back what it was given without the zone; PostgreSQL with the session's."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def _one_of(words: type[StrEnum]) -> Enum:
    """A column holding the words of an enum as plain text, so that a new word needs no migration."""
    return Enum(words, native_enum=False, length=20, values_callable=lambda enum: [word.value for word in enum])


metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# A digest is SHA-256 in hex. A key is a number that never leaves this room: it only keeps references small.


def _filed(name: str, *beside: Column[Any]) -> Table:
    """A table of what is stored by its content, with what is searched for beside it."""
    return Table(
        name,
        metadata,
        Column("key", Integer, primary_key=True),
        Column("digest", String(64), nullable=False, unique=True),
        Column("content", LargeBinary, nullable=False),
        *beside,
    )


run = Table(
    "run",
    metadata,
    Column("key", Integer, primary_key=True),
    Column("id", String(32), nullable=False, unique=True),
    Column("verb", String(20), nullable=False),
    Column("state", _one_of(RunState), nullable=False, index=True),
    Column("started_at", Utc, nullable=False, index=True),
    Column("ended_at", Utc),
    Column("exit_code", Integer),
    Column("operator", Text, nullable=False),
    Column("control_node", Text, nullable=False),
    Column("command", Text, nullable=False),
    Column("version", Text, nullable=False),
    Column("inventory_digest", Text, nullable=False),
    Column("content_digest", Text, nullable=False),
    Column("profiles", JSON, nullable=False),
    Column("parent", String(32), ForeignKey("run.id")),
    Column("trigger", _one_of(TriggerKind), nullable=False, server_default=TriggerKind.PERSON.value),
    Column("owner_node", Text, nullable=False),
    Column("owner_boot", Text, nullable=False),
    Column("owner_pid", Integer, nullable=False),
    Column("owner_started", BigInteger, nullable=False),
)

control = _filed("control", Column("id", Text, nullable=False, index=True))

run_control = Table(
    "run_control",
    metadata,
    Column("run_key", ForeignKey("run.key"), primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("control_key", ForeignKey("control.key"), nullable=False),
    sqlite_with_rowid=False,
)

observation = _filed("observation")

finding = _filed(
    "finding",
    Column("control", Text, nullable=False, index=True),
    Column("verdict", String(20), nullable=False),
)

sheet = Table(
    "sheet",
    metadata,
    Column("key", Integer, primary_key=True),
    Column("digest", String(64), nullable=False, unique=True),
    Column("format", Integer, nullable=False, server_default=text("1")),
)

sheet_finding = Table(
    "sheet_finding",
    metadata,
    Column("sheet_key", ForeignKey("sheet.key"), primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("finding_key", ForeignKey("finding.key"), nullable=False),
    sqlite_with_rowid=False,
)

sheet_observation = Table(
    "sheet_observation",
    metadata,
    Column("sheet_key", ForeignKey("sheet.key"), primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("observation_key", ForeignKey("observation.key"), nullable=False),
    # Empty where the host itself was asked; the other host's name where a check looked from there.
    Column("peer", Text, nullable=False),
    sqlite_with_rowid=False,
)

selection = _filed("selection")

member = Table(
    "member",
    metadata,
    Column("key", Integer, primary_key=True),
    Column("run_key", ForeignKey("run.key"), nullable=False),
    Column("host", Text, nullable=False),
    Column("status", _one_of(HostStatus), nullable=False),
    Column("reason", Text, nullable=False),
    Column("sheet_key", ForeignKey("sheet.key")),
    Column("timing", LargeBinary),
    Column("cause", Text, nullable=False, server_default=""),
    Column("selection_key", ForeignKey("selection.key")),
    UniqueConstraint("run_key", "host"),
)

change = Table(
    "change",
    metadata,
    Column("key", Integer, primary_key=True),
    Column("run_key", ForeignKey("run.key"), nullable=False, index=True),
    Column("host", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("task", Text, nullable=False),
    Column("status", _one_of(ChangeStatus), nullable=False),
    Column("message", Text, nullable=False),
)
