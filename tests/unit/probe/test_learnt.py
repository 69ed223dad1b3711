from __future__ import annotations

import json
import threading
import time
from pathlib import Path

import pytest

from opsharden.probe.learnt import Learnt

LOOKS = ["cat /etc/a", "stat -Lc %a /etc/b"]


def test_a_host_is_asked_what_it_was_asked_last_time(tmp_path: Path) -> None:
    learnt = Learnt(tmp_path / "x.json")
    assert learnt.prefetch("web1", "debian 12") == {}
    learnt.record("web1", "debian 12", {"": LOOKS, "hub": ["date +%s"]})
    learnt.save()
    again = Learnt(tmp_path / "x.json")
    assert again.prefetch("web1", "debian 12") == {"": tuple(LOOKS), "hub": ("date +%s",)}


def test_a_new_host_is_asked_what_others_of_its_platform_were(tmp_path: Path) -> None:
    learnt = Learnt(tmp_path / "x.json")
    learnt.prefetch("web1", "debian 12")
    learnt.record("web1", "debian 12", {"": LOOKS, "hub": ["date +%s"]})
    # What it was asked of the hub is about web1.
    assert learnt.prefetch("web2", "debian 12") == {"": tuple(LOOKS)}
    assert learnt.prefetch("web3", "debian 13") == {}


def test_hosts_of_a_new_platform_wait_for_the_one_that_leads(tmp_path: Path) -> None:
    learnt, seen = Learnt(tmp_path / "x.json"), dict[str, object]()
    learnt.prefetch("web1", "debian 12")
    other = threading.Thread(target=lambda: seen.update(learnt.prefetch("web2", "debian 12")))
    other.start()
    time.sleep(0.1)
    assert seen == {}
    learnt.record("web1", "debian 12", {"": LOOKS})
    other.join(5)
    assert seen == {"": tuple(LOOKS)}


def test_a_leader_that_is_lost_keeps_nobody(tmp_path: Path) -> None:
    learnt = Learnt(tmp_path / "x.json")
    learnt.prefetch("web1", "debian 12")
    learnt.record("web1", "debian 12", None)
    began = time.monotonic()
    assert learnt.prefetch("web2", "debian 12") == {}
    assert time.monotonic() - began < 1


def test_a_host_that_was_lost_half_way_teaches_others_nothing(tmp_path: Path) -> None:
    learnt = Learnt(tmp_path / "x.json")
    learnt.record("web1", "debian 12", {"": LOOKS})
    learnt.record("web2", "debian 12", {"": LOOKS[:1]})
    assert learnt.prefetch("web3", "debian 12") == {"": tuple(LOOKS)}
    assert learnt.prefetch("web2", "debian 12") == {"": tuple(LOOKS[:1])}


def test_equal_hosts_share_one_set(tmp_path: Path) -> None:
    learnt = Learnt(tmp_path / "x.json")
    for number in range(100):
        learnt.record(f"web{number}", "debian 12", {"": LOOKS})
    learnt.save()
    assert len(json.loads((tmp_path / "x.json").read_text())["sets"]) == 1


@pytest.mark.parametrize("command", ["rm -rf /", "cat /etc/a; reboot", "sh -c 'cat /etc/a'"])
def test_what_may_change_something_is_never_foreseen(tmp_path: Path, command: str) -> None:
    learnt = Learnt(tmp_path / "x.json")
    learnt.record("web1", "debian 12", {"": [*LOOKS, command]})
    assert learnt.prefetch("web1", "debian 12") == {"": tuple(LOOKS)}
    learnt.save()
    # Nor where somebody wrote it into the file.
    whole = json.loads((tmp_path / "x.json").read_text())
    whole["sets"] = {key: [*commands, command] for key, commands in whole["sets"].items()}
    (tmp_path / "x.json").write_text(json.dumps(whole))
    assert Learnt(tmp_path / "x.json").prefetch("web1", "debian 12") == {"": tuple(LOOKS)}


def test_a_command_with_a_secret_in_it_is_not_written_down(tmp_path: Path) -> None:
    learnt = Learnt(tmp_path / "x.json", lambda text: "hunter2" in text)
    learnt.record("web1", "debian 12", {"": [*LOOKS, "echo hunter2"]})
    learnt.save()
    assert "hunter2" not in (tmp_path / "x.json").read_text()
    assert learnt.prefetch("web1", "debian 12") == {"": tuple(LOOKS)}


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{", '{"sets": 3}', '{"sets": {"a": 3}, "hosts": {"web1": {"": "a"}}, "platforms": {}}', "null", "\x00"],
)
def test_a_damaged_file_costs_time_only(tmp_path: Path, text: str) -> None:
    (tmp_path / "x.json").write_text(text)
    assert Learnt(tmp_path / "x.json").prefetch("web1", "") == {}


def test_a_folder_that_cannot_be_written_costs_time_only(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    learnt = Learnt(tmp_path / "file" / "x.json")
    learnt.record("web1", "debian 12", {"": LOOKS})
    learnt.save()


def test_old_sets_are_forgotten(tmp_path: Path) -> None:
    for number in range(60):
        Learnt(tmp_path / f"{number}.json").save()
    assert len(list(tmp_path.glob("*.json"))) == 50
