"""What every report format is: a run in, one file or a folder of files out. Where they go is not its business."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from rich.console import Console

from opsharden.model import RunRecord

Pieces = Iterable[str | bytes]
"""A file piece by piece, texts as UTF-8: it may be larger than the memory."""


@dataclass(frozen=True, slots=True)
class File:
    """One file of a report.

    Attributes:
        pieces: What is in it.
        name: Its place in the report's folder, as `hosts/web1.xml`; empty where the report is this one file.
    """

    pieces: Pieces
    name: str = ""


@dataclass(frozen=True, slots=True)
class Format:
    """One way to write a run down.

    Attributes:
        name: As `--output` takes it.
        files: What it makes of a run. Each file is read to its end before the next one is asked for.
        folder: Whether that is a folder of files; else it is one file.
        observations: Whether it shows observations, so that the record has to be loaded with them.
        show: Prints it for people, all of it or cut, where a console is not just given the file.
    """

    name: str
    files: Callable[[RunRecord], Iterable[File]]
    folder: bool = False
    observations: bool = False
    show: Callable[[RunRecord, Console, bool], None] | None = None


def one_file(
    name: str,
    pieces: Callable[[RunRecord], Pieces],
    *,
    observations: bool = False,
    show: Callable[[RunRecord, Console, bool], None] | None = None,
) -> Format:
    """A format that is one file."""
    return Format(name, lambda record: [File(pieces(record))], observations=observations, show=show)
