"""Where reports go: `--output table json:out.json html:report.html`."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex

from rich.console import Console

from opsharden.errors import OpshardenError, UsageError
from opsharden.model import RunRecord
from opsharden.report import FORMATS, WITH_OBSERVATIONS, pieces, terminal


@dataclass(frozen=True, slots=True)
class Output:
    """One report asked for.

    Attributes:
        format: A key of `FORMATS`.
        path: The file it goes to; None is stdout.
    """

    format: str
    path: Path | None = None


def spread(arguments: Sequence[str]) -> list[str]:
    """Let one `--output` take several values: `--output table json:x` becomes `--output table --output json:x`.

    Args:
        arguments: A command line. Only words that look like an output (`json`, `json:...`) are taken as more values.

    Returns:
        The command line as option parsers want it.
    """
    more = re.compile(f"(?:{'|'.join(FORMATS)})(?::.*)?", re.DOTALL)
    result: list[str] = []
    taking = False
    for position, argument in enumerate(arguments):
        previous = arguments[position - 1] if position else ""
        value_of_option = previous == "--output"
        if taking and not value_of_option and more.fullmatch(argument):
            result.append("--output")
        else:
            taking = value_of_option or argument.startswith("--output=")
        result.append(argument)
    return result


def parse(specs: Sequence[str]) -> tuple[Output, ...]:
    """Read `--output` values, before a run rather than after it.

    Args:
        specs: Each `format`, `format:-` (both stdout) or `format:path`; none at all means `table`.

    Returns:
        The outputs in the order given.

    Raises:
        UsageError: An unknown format, a folder that does not exist, or two outputs for one place.
    """
    outputs = tuple(_parse(spec) for spec in specs or ["table"])
    if sum(output.path is None for output in outputs) > 1:
        raise UsageError("More than one report is to go to stdout.", "Give all but one a file: --output json:out.json")
    paths = [output.path.resolve() for output in outputs if output.path]
    for path in paths:
        if paths.count(path) > 1:
            raise UsageError(f"Two reports are to go to {path}.", "Give each report a file of its own.")
    return outputs


def show_observations(outputs: Sequence[Output]) -> bool:
    """Whether any of the reports shows what was observed, so that it has to be loaded."""
    return any(output.format in WITH_OBSERVATIONS for output in outputs)


def write(outputs: Sequence[Output], record: RunRecord, console: Console, *, verbose: bool = False) -> tuple[Path, ...]:
    """Render and deliver the reports asked for.

    Args:
        outputs: From `parse`.
        record: The run.
        console: Writes to stdout; a table there is as wide and colourful as it allows.
        verbose: Whether that table is to cut nothing, as one in a file does.

    Returns:
        The files written.

    Raises:
        OpshardenError: A file could not be written; the others have been, and what was there before is left alone.
    """
    written: list[Path] = []
    failed: list[OpshardenError] = []
    for output in outputs:
        if output.path:
            try:
                _write_file(output.path, pieces(output.format, record))
                written.append(output.path)
            except OpshardenError as error:
                failed.append(error)
        elif output.format == "table":
            terminal.show(record, console, cut=not verbose)
        else:
            _write_stdout(console, pieces(output.format, record))
    if failed:
        raise failed[0]
    return tuple(written)


def _parse(spec: str) -> Output:
    format, _, place = spec.partition(":")
    if format not in FORMATS:
        raise UsageError(f"There is no report format {format!r}.", f"Formats are {', '.join(FORMATS)}.")
    if place in ("", "-"):
        return Output(format)
    path = Path(place).expanduser()
    if path.is_dir():
        raise UsageError(f"The report {spec} is to go to a file, but {path} is a folder.", "Name a file in it.")
    if not path.parent.is_dir():
        raise UsageError(f"The folder for the report {spec} does not exist.", f"Create it: mkdir -p {path.parent}")
    return Output(format, path)


def _write_stdout(console: Console, text: Iterable[str]) -> None:
    """Write data as UTF-8 whatever the terminal's encoding, and without the line wrapping of a console."""
    console.file.flush()
    raw = getattr(console.file, "buffer", None)
    for piece in text:
        if raw is None:
            console.file.write(piece)
        else:
            raw.write(piece.encode())
    console.file.flush()


def _write_file(path: Path, text: Iterable[str]) -> None:
    try:
        target = path.resolve()
        if target.exists() and not target.is_file():
            # A device or a pipe (/dev/null, <(...)) is written to; renaming over it would replace it.
            with target.open("wb") as file:
                file.writelines(piece.encode() for piece in text)
        else:
            _replace(target, text)
    except OSError as error:
        why = error.strerror or str(error)
        advice = "Check the folder and its free space, then render the saved run again with `opsharden convert`."
        raise OpshardenError(f"The report {path} could not be written: {why}.", advice) from error


def _replace(target: Path, text: Iterable[str]) -> None:
    """Whole or not at all: written beside the old file and renamed over it."""
    beside = target.with_name(f".{target.name}.{token_hex(4)}")
    mode = target.stat().st_mode & 0o777 if target.exists() else 0o666
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.writelines(piece.encode() for piece in text)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(target)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
