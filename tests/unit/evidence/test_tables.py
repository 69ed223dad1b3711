from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import Column, Integer, MetaData, Table, create_engine, insert, select
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import StatementError
from sqlalchemy.schema import CreateTable

from opsharden.evidence.tables import Utc, metadata


@pytest.mark.parametrize("table", metadata.sorted_tables, ids=str)
def test_every_table_can_be_made_in_postgresql(table: Table) -> None:
    statement = str(CreateTable(table).compile(dialect=postgresql.dialect()))  # type: ignore[no-untyped-call] # SQLAlchemy
    assert "WITHOUT ROWID" not in statement
    assert statement.strip().startswith("CREATE TABLE")


def test_a_point_in_time_comes_back_in_utc_and_a_naive_one_is_refused() -> None:
    clock = Table("clock", MetaData(), Column("key", Integer, primary_key=True), Column("at", Utc))
    abroad = datetime(2026, 3, 29, 3, 30, 0, 123456, tzinfo=timezone(timedelta(hours=2)))
    with create_engine("sqlite://").begin() as connection:
        clock.create(connection)
        connection.execute(insert(clock), [{"at": abroad}, {"at": None}])
        first, second = connection.execute(select(clock.c.at).order_by(clock.c.key)).scalars()
        with pytest.raises(StatementError, match="no time zone"):
            connection.execute(insert(clock), [{"at": abroad.replace(tzinfo=None)}])
    assert first == abroad
    assert first.tzinfo is UTC
    assert second is None
