"""Where reports go: `--output table json:out.json html:report.html`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from opsharden.errors import OpshardenError, UsageError
from opsharden.model import RunRecord
from opsharden.report import FORMATS, delivery, format_called


@dataclass(frozen=True, slots=True)
class Output:
    """One report asked for.

    Attributes:
        format: A key of `FORMATS`.
        path: The file it goes to, or the folder; None is stdout.
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
        UsageError: An unknown format, a folder that does not exist or is not empty, or two outputs for one place.
    """
    outputs = tuple(_parse(spec) for spec in specs or ["table"])
    if sum(output.path is None for output in outputs) > 1:
        raise UsageError("More than one report is to go to stdout.", "Give all but one a file: --output json:out.json")
    paths = [output.path.resolve() for output in outputs if output.path]
    for path in paths:
        if paths.count(path) > 1:
            raise UsageError(f"Two reports are to go to {path}.", "Give each report a place of its own.")
    return outputs


def show_observations(outputs: Sequence[Output]) -> bool:
    """Whether any of the reports shows what was observed, so that it has to be loaded."""
    return any(FORMATS[output.format].observations for output in outputs)


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
        if output.path is None:
            _show(output, record, console, verbose=verbose)
            continue
        try:
            _deliver(output.format, output.path, record)
            written.append(output.path)
        except OpshardenError as error:
            failed.append(error)
    if failed:
        raise failed[0]
    return tuple(written)


def _show(output: Output, record: RunRecord, console: Console, *, verbose: bool) -> None:
    format = FORMATS[output.format]
    if format.show is not None:
        format.show(record, console, not verbose)
        return
    for file in format.files(record):
        delivery.to_stdout(console, file.pieces)


def _deliver(name: str, path: Path, record: RunRecord) -> None:
    files = FORMATS[name].files(record)
    if FORMATS[name].folder:
        delivery.to_folder(path, files)
    else:
        for file in files:
            delivery.to_file(path, file.pieces)


def _parse(spec: str) -> Output:
    name, _, place = spec.partition(":")
    folder = format_called(name).folder
    if place in ("", "-"):
        if folder:
            raise UsageError(f"The report {name} is a folder, which stdout is not.", f"Name one: --output {name}:DIR")
        return Output(name)
    path = Path(place).expanduser()
    if not folder and path.is_dir():
        raise UsageError(f"The report {spec} is to go to a file, but {path} is a folder.", "Name a file in it.")
    if folder and path.exists() and not _empty(path):
        raise UsageError(f"The report {spec} is to go to a folder, but {path} is no empty one.", "Name a new one.")
    if not path.parent.is_dir():
        raise UsageError(f"The folder for the report {spec} does not exist.", f"Create it: mkdir -p {path.parent}")
    return Output(name, path)


def _empty(path: Path) -> bool:
    try:
        return next(path.iterdir(), None) is None
    except OSError:
        return False
