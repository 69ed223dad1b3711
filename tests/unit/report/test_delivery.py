"""A format that writes a folder of files, by the same interface as those that write one."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest
from rich.console import Console

from opsharden.errors import OpshardenError, UsageError
from opsharden.model import RunRecord
from opsharden.report import FORMATS
from opsharden.report.delivery import to_folder
from opsharden.report.format import File, Format
from opsharden.report.outputs import Output, parse, show_observations, write


def _files(record: RunRecord) -> Iterator[File]:
    yield File(["run: ", record.run.id.encode(), b"\n"], "run.txt")
    for member in record.members:
        yield File((part for part in (member.host, "\n")), f"hosts/{member.host}.txt")


@pytest.fixture(autouse=True)
def heap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(FORMATS, "heap", Format("heap", _files, folder=True, observations=True))


def console() -> Console:
    return Console(file=io.StringIO())


def names(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize("there", [False, True], ids=["new", "empty"])
def test_all_its_files_are_there_at_once(record: RunRecord, tmp_path: Path, there: bool) -> None:
    folder = tmp_path / "out"
    if there:
        folder.mkdir()
    assert write(parse([f"heap:{folder}"]), record, console()) == (folder,)
    hosts = [member.host for member in record.members]
    assert names(tmp_path) == sorted(["out/run.txt", *(f"out/hosts/{host}.txt" for host in hosts)])
    assert (folder / "run.txt").read_text() == f"run: {record.run.id}\n"
    assert (folder / "hosts" / f"{hosts[0]}.txt").read_text() == f"{hosts[0]}\n"


def test_it_is_loaded_with_observations_where_it_shows_them(tmp_path: Path) -> None:
    assert show_observations(parse([f"heap:{tmp_path}/out"]))
    assert show_observations([Output("html")])
    assert not show_observations(parse(["table", f"csv:{tmp_path}/x.csv"]))


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ("heap", "stdout is not"),
        ("heap:-", "stdout is not"),
        ("heap:{}/full", "no empty one"),
        ("heap:{}/full/file", "no empty one"),
        ("heap:{}/no/where", "does not exist"),
    ],
)
def test_where_it_cannot_go_is_said_before_the_run(tmp_path: Path, spec: str, words: str) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "file").touch()
    with pytest.raises(UsageError, match=words) as caught:
        parse([spec.format(tmp_path)])
    assert caught.value.advice


def test_what_came_into_the_folder_meanwhile_is_left_alone(record: RunRecord, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    (wanted,) = parse([f"heap:{folder}"])
    folder.mkdir()
    (folder / "theirs").write_text("keep")
    with pytest.raises(OpshardenError, match=r"out could not be written: Directory not empty\."):
        write([wanted], record, console())
    assert names(tmp_path) == ["out/theirs"]


def _broken() -> Iterator[str]:
    yield "half"
    raise OSError(28, "No space left on device")


def test_a_folder_that_cannot_be_finished_is_not_begun(tmp_path: Path) -> None:
    with pytest.raises(OpshardenError, match="No space left on device"):
        to_folder(tmp_path / "out", [File(["whole"], "a"), File(_broken(), "b")])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["", ".", "/etc/passwd", "../beside", "a/../../beside"])
def test_no_file_goes_anywhere_but_into_the_folder(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="no place in a report's folder"):
        to_folder(tmp_path / "out", [File(["x"], name)])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("second", ["a", "a/b", "./a"])
def test_no_file_takes_the_place_of_another(tmp_path: Path, second: str) -> None:
    with pytest.raises(ValueError, match="one name"):
        to_folder(tmp_path / "out", [File(["1"], "a"), File(["2"], second)])
    assert list(tmp_path.iterdir()) == []


def test_each_file_is_read_to_its_end_before_the_next_is_made(tmp_path: Path) -> None:
    order: list[str] = []

    def told(word: str) -> Iterable[str]:
        order.append(word)
        yield word

    def made(make: Callable[[str], Iterable[str]]) -> Iterator[File]:
        for name in "ab":
            order.append(f"make {name}")
            yield File(make(f"read {name}"), name)

    to_folder(tmp_path / "out", made(told))
    assert order == ["make a", "read a", "make b", "read b"]
