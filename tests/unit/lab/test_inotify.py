import json
from pathlib import Path

import pytest

from opsharden.errors import LabError
from opsharden.lab import inotify


class Machine:
    """A machine's limit, our record of it and its processes, in files of their own."""

    def __init__(self, folder: Path) -> None:
        self.limit = folder / "max_user_instances"
        self.record = folder / "run" / "record.json"
        self.proc = folder / "proc"
        self.proc.mkdir()
        self.limit.write_text("128\n")

    def add_process(self, pid: int, *targets: str) -> None:
        descriptors = self.proc / str(pid) / "fd"
        descriptors.mkdir(parents=True)
        for number, target in enumerate(targets):
            (descriptors / str(number)).symlink_to(target)


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    made = Machine(tmp_path)
    monkeypatch.setattr(inotify, "LIMIT", made.limit)
    monkeypatch.setattr(inotify, "RECORD", made.record)
    monkeypatch.setattr(inotify, "PROC", made.proc)
    monkeypatch.setattr(inotify, "_ROOT", tmp_path.stat().st_uid)
    return made


def test_instances_are_counted_over_all_processes(machine: Machine) -> None:
    machine.add_process(1, "/dev/null", "anon_inode:inotify", "anon_inode:inotify", "anon_inode:[eventpoll]")
    machine.add_process(77, "anon_inode:inotify", "socket:[12]")
    (machine.proc / "self").mkdir()
    (machine.proc / "99").mkdir()  # ended while we looked
    assert inotify.in_use() == 3


def test_instances_of_other_users_do_not_count(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    machine.add_process(1, "anon_inode:inotify")
    monkeypatch.setattr(inotify, "_ROOT", 54321)
    assert inotify.in_use() == 0


def test_enough_changes_nothing(machine: Machine) -> None:
    inotify.reserve(18, may_raise=True)
    assert machine.limit.read_text() == "128\n"
    assert not machine.record.exists()


def test_too_few_is_said_and_nothing_changed(machine: Machine) -> None:
    with pytest.raises(LabError, match="19 more hosts need about 133 inotify instances") as caught:
        inotify.reserve(19, may_raise=False)
    assert "--raise-inotify-limit" in caught.value.advice
    assert machine.limit.read_text() == "128\n"


def test_what_runs_already_counts(machine: Machine) -> None:
    machine.add_process(1, "anon_inode:inotify", "anon_inode:inotify", "anon_inode:inotify")
    with pytest.raises(LabError, match="need about 129"):
        inotify.reserve(18, may_raise=False)


def test_raised_when_allowed_and_put_back(machine: Machine) -> None:
    inotify.reserve(20, may_raise=True)
    assert machine.limit.read_text() == "4096"
    assert inotify.put_back()
    assert machine.limit.read_text() == "128"
    assert not machine.record.parent.exists()
    assert not inotify.put_back()


def test_a_second_raise_remembers_the_first_value(machine: Machine) -> None:
    inotify.reserve(20, may_raise=True)
    inotify.reserve(600, may_raise=True)
    assert json.loads(machine.record.read_text()) == {"was": 128, "raised": 4200}
    inotify.put_back()
    assert machine.limit.read_text() == "128"


def test_a_limit_that_someone_else_has_set_since_stays(machine: Machine) -> None:
    inotify.reserve(20, may_raise=True)
    machine.limit.write_text("8192\n")
    assert not inotify.put_back()
    assert machine.limit.read_text() == "8192\n"
    assert not machine.record.exists()


def test_a_limit_that_cannot_be_written_is_a_sentence(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    write = Path.write_text

    def refuse(path: Path, text: str) -> int:
        if path == machine.limit:
            raise OSError(30, "Read-only file system")
        return write(path, text)

    monkeypatch.setattr(Path, "write_text", refuse)
    with pytest.raises(LabError, match="does not let us raise its inotify limit: Read-only file system"):
        inotify.reserve(20, may_raise=True)
    assert not machine.record.exists()
