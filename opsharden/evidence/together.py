"""Many threads that write, one disk: what is waiting to be written is written together, each piece whole or not at all.

A transaction ends with the disk's word that it is safe, which takes longer than all the rest. Hosts that are finished
while another one is being filed share the next transaction; each is told only when its own piece is safe.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from threading import Lock

from sqlalchemy import Connection

Write = Callable[[Connection], None]


class _Piece:
    """One thread's piece of work, and what became of it."""

    def __init__(self, write: Write) -> None:
        self.write = write
        self.done = False
        self.error: BaseException | None = None


class Together:
    """Writes pieces of several threads in one transaction.

    Args:
        transaction: Begins one, and ends it. The thread that is in it is the only one.
        one_writer: Held by whoever writes; other writers hold it too.
    """

    def __init__(self, transaction: Callable[[], AbstractContextManager[Connection]], one_writer: Lock) -> None:
        self._transaction = transaction
        self._one_writer = one_writer
        self._waiting: deque[_Piece] = deque()

    def write(self, write: Write) -> None:
        """Write a piece, and return when it is safe. It may be called again, where a transaction came to nothing.

        Raises:
            Exception: What came of it; nothing of this piece is written then, and the others are not touched.
        """
        piece = _Piece(write)
        self._waiting.append(piece)
        with self._one_writer:
            if not piece.done:
                self._write_waiting()
        if piece.error is not None:
            raise piece.error

    def _write_waiting(self) -> None:
        pieces = [self._waiting.popleft() for _ in range(len(self._waiting))]
        try:
            self._write_all(pieces)
        except Exception as error:
            # Nothing is written. One of them is at fault, or the disk: each by itself shows which.
            for piece in pieces:
                piece.error = error if len(pieces) == 1 else self._alone(piece)
        except BaseException as error:
            for piece in pieces:
                piece.error = error
        finally:
            for piece in pieces:
                piece.done = True

    def _alone(self, piece: _Piece) -> Exception | None:
        try:
            self._write_all([piece])
        except Exception as error:
            return error
        return None

    def _write_all(self, pieces: Sequence[_Piece]) -> None:
        with self._transaction() as connection:
            for piece in pieces:
                piece.write(connection)
