"""What a database says when it cannot go on, in words an admin can act on. Nothing is repaired or overwritten."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError

from opsharden.errors import EvidenceError

_FULL = (
    "The disk is full: evidence could not be written to {where}.",
    "Make room and start the run again; hosts filed before are safe in the database.",
)
_LOCKED = (
    "Another process has been writing to {where} for longer than {timeout:g} s.",
    "Wait for it to finish, or find it with `fuser {where}`; nothing was lost of what was filed before.",
)
_DAMAGED = (
    "The evidence database {where} is damaged ({detail}).",
    "It was left as it is. Move {where}* to another folder and restore a backup, or try `sqlite3 FILE .recover` there.",
)
_NO_ACCESS = (
    "The evidence database {where} cannot be opened for writing ({detail}).",
    "Check owner and mode of file and folder, and that the disk is not mounted read-only; to just look, use a copy.",
)
_DISK = (
    "Reading or writing {where} failed ({detail}).",
    "Look for a failing disk (`dmesg`), a full quota or a file size limit (`ulimit -f`); hosts filed before are safe.",
)
_OTHER = (
    "The evidence database {where} refused ({detail}).",
    "Start again with -v; if it stays, report it as a defect with this message.",
)

# By SQLite's primary result codes: https://sqlite.org/rescode.html
_BY_CODE = {
    sqlite3.SQLITE_FULL: _FULL,
    sqlite3.SQLITE_BUSY: _LOCKED,
    sqlite3.SQLITE_LOCKED: _LOCKED,
    sqlite3.SQLITE_CORRUPT: _DAMAGED,
    sqlite3.SQLITE_NOTADB: _DAMAGED,
    sqlite3.SQLITE_FORMAT: _DAMAGED,
    sqlite3.SQLITE_READONLY: _NO_ACCESS,
    sqlite3.SQLITE_CANTOPEN: _NO_ACCESS,
    sqlite3.SQLITE_PERM: _NO_ACCESS,
    sqlite3.SQLITE_AUTH: _NO_ACCESS,
    sqlite3.SQLITE_IOERR: _DISK,
}


@contextmanager
def in_plain_words(where: str, busy_timeout: float) -> Iterator[None]:
    """Turn what the database raises into an `EvidenceError`.

    Args:
        where: The database as the user knows it.
        busy_timeout: Seconds a write waits for other processes, for the message.
    """
    try:
        yield
    except (DBAPIError, sqlite3.Error) as error:
        # Only the driver's own words: SQLAlchemy's message would quote the statement too.
        cause = error.orig if isinstance(error, DBAPIError) else error
        code = getattr(cause, "sqlite_errorcode", 0) & 0xFF
        message, advice = _BY_CODE.get(code, _OTHER)
        words = {"where": where, "timeout": busy_timeout, "detail": cause}
        raise EvidenceError(message.format(**words), advice.format(**words)) from error
