"""Where the database is, and how it is talked to.

All that is special to SQLite is here: a second kind of database needs a second `_prepare_*` and no other change.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from sqlite3 import Connection as SqliteConnection

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError

from opsharden.errors import EvidenceError

_WRITES = "opsharden_writes"


def locate(database: str | Path) -> URL:
    """The database's address.

    Args:
        database: A file, or an SQLAlchemy URL.

    Raises:
        EvidenceError: A URL that is none, or of a kind of database that evidence cannot be kept in.
    """
    if isinstance(database, Path) or "://" not in database:
        return URL.create("sqlite", database=str(Path(database).expanduser().absolute()))
    try:
        url = make_url(database)
    except ArgumentError:  # its message would quote the URL, with the password in it
        raise EvidenceError(
            "The database setting is neither a file nor a URL that can be read.",
            "Give a file name, or a URL such as sqlite:////var/lib/opsharden/evidence.db.",
        ) from None
    if url.get_backend_name() != "sqlite":
        raise EvidenceError(
            f"Evidence cannot be kept in {url.get_backend_name()}: this version knows SQLite only.",
            "Set database to a file name, such as .opsharden/evidence.db.",
        )
    if not url.database or url.database == ":memory:" or url.query:
        raise EvidenceError(
            f"Evidence has to outlive the process, and {url.render_as_string()} is not simply a file.",
            "Set database to a file name, such as .opsharden/evidence.db.",
        )
    return URL.create("sqlite", database=str(Path(url.database).absolute()))


def connect(url: URL, *, create: bool, busy_timeout: float) -> Engine:
    """An engine on the database's file, which is made where it is missing: readable by its owner only, from the start.

    Args:
        url: As `locate` gives it.
        create: Whether a missing database is made; else it is an error.
        busy_timeout: Seconds to wait for another process's write.

    Raises:
        EvidenceError: The file is missing, or cannot be made.
    """
    path = Path(url.database or "")
    if create:
        _make_file(path)
    else:
        _look_for_file(path)
    engine = create_engine(url, connect_args={"timeout": busy_timeout}, hide_parameters=True)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin)
    return engine


def for_writing(engine: Engine) -> Engine:
    """The same engine, whose transactions take the write lock when they begin."""
    return engine.execution_options(**{_WRITES: True})


@contextmanager
def rebuilding(engine: Engine) -> Iterator[Connection]:
    """A transaction in which tables may be made anew that others refer to: SQLite would refuse to drop the old one.

    Source: https://sqlite.org/lang_altertable.html, 7.
    """
    with engine.connect() as connection:
        # Within a transaction it would do nothing.
        _execute(connection, "PRAGMA foreign_keys = OFF")
        try:
            with connection.begin():
                yield connection
        finally:
            _execute(connection, "PRAGMA foreign_keys = ON")


def prepare(engine: Engine) -> None:
    """Let readers and a writer work at the same time. Kept in the file, so only done once it is known to be ours."""
    with engine.connect() as connection:
        _execute(connection, "PRAGMA journal_mode = WAL")


def _execute(connection: Connection, statement: str) -> None:
    """Execute a statement outside of any transaction."""
    driver = connection.connection.driver_connection
    if driver is not None:
        driver.execute(statement)


def _make_file(path: Path) -> None:
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # A file that exists is not even opened here: closing it would drop the locks SQLite holds in this process
        # (https://sqlite.org/howtocorrupt.html, 2.2).
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except FileExistsError:
        if not path.parent.is_dir():
            raise EvidenceError(f"{path.parent} is not a folder.", "Set database to a file in a folder.") from None
    except OSError as error:
        raise EvidenceError(
            f"The evidence database {path} cannot be made: {error.strerror}.",
            "Check owner, mode and free space of its folder, or set database to another place.",
        ) from None


def _look_for_file(path: Path) -> None:
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        raise EvidenceError(
            f"There is no evidence yet: {path} does not exist.",
            "Run `opsharden verify` first, or say where the database is with OPSHARDEN_DATABASE.",
        ) from None
    except OSError as error:
        raise EvidenceError(
            f"The evidence database {path} cannot be opened: {error.strerror}.",
            "Check owner and mode of the folders it is in.",
        ) from None


def _prepare_sqlite(connection: SqliteConnection, _record: object) -> None:
    connection.isolation_level = None  # Python's sqlite3 must not begin transactions of its own: `_begin` does
    connection.execute("PRAGMA foreign_keys = ON")
    # What was filed must survive a power cut. That is one fsync per host, next to seconds of work on it.
    connection.execute("PRAGMA synchronous = FULL")


def _begin(connection: Connection) -> None:
    # A transaction that reads first and locks later may fail at once instead of waiting for the other process.
    writes = connection.get_execution_options().get(_WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
