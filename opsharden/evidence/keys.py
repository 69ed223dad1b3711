"""From digests to the keys of rows."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection, Table, select

# How many values one IN (...) holds: every database takes this many parameters.
BATCH = 500


def keys_of(connection: Connection, table: Table, digests: Iterable[str]) -> dict[str, int]:
    """The keys of what is on file under these digests; what is not is left out."""
    wanted = list(digests)
    found: dict[str, int] = {}
    for start in range(0, len(wanted), BATCH):
        batch = wanted[start : start + BATCH]
        rows = connection.execute(select(table.c.digest, table.c.key).where(table.c.digest.in_(batch)))
        found.update((row.digest, row.key) for row in rows)
    return found
