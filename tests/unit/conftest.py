"""What makes thousands of small tests quick, and changes nothing that they see."""

from __future__ import annotations

import gc
import sqlite3
from collections.abc import Iterator

import pytest
from sqlalchemy import Connection, inspect

from opsharden.evidence import schema


def pytest_collection_finish() -> None:
    """What was collected stays: looking for garbage in it again and again takes longer than many a test."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True, scope="session")
def migrated_once() -> Iterator[None]:
    """Migrations from nothing are run once: a further empty database is given the statements that they came to."""
    upgrade, known = schema.upgrade, list[str]()

    def quickly(connection: Connection, where: str) -> None:
        raw = connection.connection.driver_connection
        if not isinstance(raw, sqlite3.Connection) or inspect(connection).get_table_names():
            upgrade(connection, where)
            return
        if not known:
            upgrade(connection, where)
            known.extend(line for line in raw.iterdump() if line not in ("BEGIN TRANSACTION;", "COMMIT;"))
            return
        for statement in known:
            raw.execute(statement)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(schema, "upgrade", quickly)
        yield
