from __future__ import annotations

import io
import json
import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import get_args

import pytest
from rich.console import Console
from typer.models import OptionInfo

from opsharden.cli import options
from opsharden.errors import OpshardenError, UsageError
from opsharden.model import RunRecord
from opsharden.report import FORMATS, render
from opsharden.report.outputs import Output, parse, spread, write


@contextmanager
def small_disk() -> Iterator[None]:
    """The kernel refuses to let a file of ours grow beyond 4 KiB: as near to a full disk as a process gets alone.

    No fixture: the limit must be gone before pytest reports the test, whose own output may be a longer file.
    """
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_specs(tmp_path: Path) -> None:
    assert parse([]) == (Output("table"),)
    assert parse(["csv"]) == parse(["csv:-"]) == (Output("csv"),)
    assert parse(["table", f"json:{tmp_path}/a:b.json"]) == (Output("table"), Output("json", tmp_path / "a:b.json"))


@pytest.mark.parametrize(
    ("specs", "words"),
    [
        (["yaml"], "no report format 'yaml'"),
        (["yaml:out"], "no report format 'yaml'"),
        (["json", "csv:-"], "More than one report is to go to stdout"),
        (["json:/nowhere/at/all.json"], "does not exist"),
        (["html:/"], "is a folder"),
        (["json:same", "csv:./same"], "Two reports"),
    ],
)
def test_what_cannot_work_is_said_before_the_run(specs: list[str], words: str) -> None:
    with pytest.raises(UsageError, match=words) as caught:
        parse(specs)
    assert caught.value.advice


@pytest.mark.parametrize(
    ("given", "spread_out"),
    [
        ("verify --output table json:x html:y", "verify --output table --output json:x --output html:y"),
        ("verify --output=table json:x", "verify --output=table --output json:x"),
        ("convert --output json RUN", "convert --output json RUN"),
        ("verify --output table json:x -l web csv", "verify --output table --output json:x -l web csv"),
        ("verify json", "verify json"),
        ("verify --output table --output csv:x junit", "verify --output table --output csv:x --output junit"),
        ("verify --output", "verify --output"),
    ],
)
def test_one_option_takes_several_values(given: str, spread_out: str) -> None:
    assert spread(given.split()) == spread_out.split()


def test_every_format_to_a_file(record: RunRecord, tmp_path: Path) -> None:
    written = write(parse([f"{name}:{tmp_path}/{name}" for name in FORMATS]), record, Console(file=io.StringIO()))
    assert [path.name for path in written] == list(FORMATS)
    for path in written:
        assert path.read_bytes().decode() == render(path.name, record)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(FORMATS)


def test_data_on_stdout_is_not_wrapped(record: RunRecord) -> None:
    stream = io.StringIO()
    assert write([Output("json")], record, Console(file=stream, width=40)) == ()
    assert json.loads(stream.getvalue())["run"]["id"] == record.run.id


def test_data_on_stdout_is_utf_8_whatever_the_terminal_says(record: RunRecord) -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii")
    write([Output("html")], record, Console(file=stream))
    assert raw.getvalue().decode() == render("html", record)


def test_a_full_disk_is_a_sentence_and_the_old_report_stays(record: RunRecord, tmp_path: Path) -> None:
    old = tmp_path / "run.json"
    old.write_text("yesterday's")
    with small_disk(), pytest.raises(OpshardenError, match=r"run\.json could not be written: File too large\."):
        write([Output("json", old)], record, Console(file=io.StringIO()))
    assert old.read_text() == "yesterday's"
    assert list(tmp_path.iterdir()) == [old]


def test_one_report_that_fails_does_not_take_the_others(record: RunRecord, tmp_path: Path) -> None:
    outputs = [Output("json", tmp_path / "gone" / "x.json"), Output("csv", tmp_path / "x.csv")]
    with pytest.raises(OpshardenError, match="No such file or directory") as caught:
        write(outputs, record, Console(file=io.StringIO()))
    assert "opsharden convert" in caught.value.advice
    assert (tmp_path / "x.csv").read_bytes().decode() == render("csv", record)


def test_a_pipe_is_written_to_and_not_replaced(record: RunRecord, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    nothing = RunRecord(record.run, (), (), (), {})
    write([Output("csv", pipe)], nothing, Console(file=io.StringIO()))
    assert os.read(reader, 65536).decode() == render("csv", nothing)
    os.close(reader)
    assert pipe.is_fifo()


def test_links_and_modes_are_kept(record: RunRecord, tmp_path: Path) -> None:
    target, link = tmp_path / "target", tmp_path / "link"
    target.touch(0o640)
    target.chmod(0o640)
    link.symlink_to(target)
    write([Output("csv", link)], record, Console(file=io.StringIO()))
    assert link.is_symlink()
    assert target.stat().st_mode & 0o777 == 0o640
    assert target.read_bytes().decode() == render("csv", record)


def test_the_help_names_every_format() -> None:
    (option,) = [each for each in get_args(options.Output) if isinstance(each, OptionInfo)]
    assert option.help is not None
    assert set(FORMATS) <= set(option.help.replace(",", "").replace(";", "").split())


def test_an_unknown_format_is_a_sentence(record: RunRecord) -> None:
    with pytest.raises(UsageError, match="no report format 'pdf'"):
        render("pdf", record)
