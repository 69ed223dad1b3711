from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine

from opsharden.errors import EvidenceError
from opsharden.evidence import Store, schema
from opsharden.evidence.tables import metadata
from opsharden.model import Run


def test_the_migrations_make_the_tables_the_code_works_with(store: Store, database: Path) -> None:
    with create_engine(f"sqlite:///{database}").connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


def test_the_comparison_above_sees_a_difference(store: Store, database: Path) -> None:
    with sqlite3.connect(database) as connection:
        connection.execute("ALTER TABLE change DROP COLUMN message")
    with create_engine(f"sqlite:///{database}").connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) != []


def test_the_newest_migration_is_the_one_the_code_knows() -> None:
    scripts = ScriptDirectory(str(Path(schema.__file__).with_name("migrations")))
    assert scripts.get_heads() == [schema.HEAD]


def test_opening_again_changes_nothing(store: Store, database: Path, run: Callable[..., Run]) -> None:
    started = store.begin(run())
    with Store.open(database) as again:
        assert again.run("latest") == started


def test_a_database_of_a_newer_opsharden_is_refused_and_left_alone(store: Store, database: Path) -> None:
    store.close()
    with sqlite3.connect(database) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    before = database.read_bytes()

    with pytest.raises(EvidenceError, match="newer opsharden") as caught:
        Store.open(database)
    assert caught.value.exit_code == 1
    assert "Use the newer opsharden" in caught.value.advice
    assert database.read_bytes() == before


def test_a_database_of_another_program_is_refused_and_left_alone(tmp_path: Path) -> None:
    database = tmp_path / "bookmarks.db"
    with sqlite3.connect(database) as connection:
        connection.execute("CREATE TABLE bookmark (url TEXT)")
    before = database.read_bytes()

    with pytest.raises(EvidenceError, match="another program"):
        Store.open(database)
    assert database.read_bytes() == before


def test_an_empty_file_becomes_a_database(tmp_path: Path) -> None:
    database = tmp_path / "evidence.db"
    database.touch()
    with Store.open(database) as store:
        assert store.runs() == ()
