"""The database's schema: brought up to date when it is opened, refused when it is from the future."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, inspect, text

from opsharden.errors import EvidenceError

# The newest revision in migrations/versions. Known here so that Alembic is imported only where there is work for it.
HEAD = "0005"


def is_current(connection: Connection) -> bool:
    """Whether the schema is the one this program works with."""
    return _revision(connection) == HEAD


def upgrade(connection: Connection, where: str) -> None:
    """Bring the schema up to date, within the transaction of the connection: all of it or nothing.

    Args:
        connection: In a transaction that holds the write lock.
        where: The database as the user knows it.

    Raises:
        EvidenceError: A database of a newer opsharden, or of another program.
    """
    revision = _revision(connection)
    if revision is None and inspect(connection).get_table_names():
        raise EvidenceError(
            f"{where} is a database of another program.",
            "It was left as it is. Set database to a file of its own.",
        )
    from alembic import command  # noqa: PLC0415 - costs 0.2 s that most starts need not pay
    from alembic.config import Config  # noqa: PLC0415 - likewise
    from alembic.script import ScriptDirectory  # noqa: PLC0415 - likewise

    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")).replace("%", "%%"))
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if revision is not None and revision not in known:
        raise EvidenceError(
            f"{where} was written by a newer opsharden (its schema is {revision}, this program knows {HEAD}).",
            "It was left as it is. Use the newer opsharden, or set database to another file.",
        )
    command.upgrade(config, HEAD)


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return None if found is None else str(found)
