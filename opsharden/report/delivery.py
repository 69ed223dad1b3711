"""Reports brought to where they belong: stdout, a file, a folder. Whole or not at all, and what was there stays."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from secrets import token_hex

from rich.console import Console

from opsharden.errors import OpshardenError
from opsharden.report.format import File, Pieces


def to_stdout(console: Console, pieces: Pieces) -> None:
    """Write data as UTF-8 whatever the terminal's encoding, and without the line wrapping of a console."""
    console.file.flush()
    raw = getattr(console.file, "buffer", None)
    for piece in _raw(pieces):
        if raw is None:
            console.file.write(piece.decode())
        else:
            raw.write(piece)
    console.file.flush()


def to_file(path: Path, pieces: Pieces) -> None:
    """Write a file.

    Raises:
        OpshardenError: It could not be written; what was there before is left alone.
    """
    with _told(path):
        target = path.resolve()
        if target.exists() and not target.is_file():
            # A device or a pipe (/dev/null, <(...)) is written to; renaming over it would replace it.
            with target.open("wb") as file:
                file.writelines(_raw(pieces))
        else:
            _replace(target, pieces)


def to_folder(path: Path, files: Iterable[File]) -> None:
    """Write a folder, which is new or was empty.

    Raises:
        OpshardenError: It could not be written, or there is something in it already.
        ValueError: A file is to go elsewhere than into the folder, or two are to go to one place.
    """
    with _told(path):
        target = path.resolve()
        beside = _beside(target)
        beside.mkdir()
        try:
            for file in files:
                place = beside / _inside(file.name)
                place.parent.mkdir(parents=True, exist_ok=True)
                _write(os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666), file.pieces)
            beside.rename(target)  # rename(2) takes the place of an empty folder, and of no other
        except FileExistsError as error:
            if error.filename != str(beside):
                raise ValueError(f"two files of the report {path} have one name: {error.filename}") from None
            raise
        finally:
            shutil.rmtree(beside, ignore_errors=True)


def _inside(name: str) -> PurePosixPath:
    path = PurePosixPath(name)
    if not path.parts or path.is_absolute() or ".." in path.parts:
        raise ValueError(f"{name!r} is no place in a report's folder")
    return path


@contextmanager
def _told(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        why = error.strerror or str(error)
        advice = "Check the folder and its free space, then render the saved run again with `opsharden convert`."
        raise OpshardenError(f"The report {path} could not be written: {why}.", advice) from error


def _beside(target: Path) -> Path:
    return target.with_name(f".{target.name}.{token_hex(4)}")


def _replace(target: Path, pieces: Pieces) -> None:
    """Written beside the old file and renamed over it."""
    beside = _beside(target)
    mode = target.stat().st_mode & 0o777 if target.exists() else 0o666
    try:
        _write(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), pieces)
        beside.replace(target)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise


def _write(descriptor: int, pieces: Pieces) -> None:
    with os.fdopen(descriptor, "wb") as file:
        file.writelines(_raw(pieces))
        file.flush()
        os.fsync(file.fileno())


def _raw(pieces: Pieces) -> Iterator[bytes]:
    return (piece.encode() if isinstance(piece, str) else piece for piece in pieces)
