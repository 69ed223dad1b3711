"""verify --replay: the verdicts of a run again, with no host and no inventory; what is not on file is not guessed."""

from __future__ import annotations

import json
import shutil
from typing import Any

import pytest

CHECK = "def test_release(host):\n    assert host.check_output('{command}') == '{expected}'\n"


@pytest.fixture
def seen(own: Any) -> Any:
    """A project with a check of its own that was verified once; its inventory and keys are gone since."""
    (own.path / "checks").mkdir()
    check(own, "uname -s", "Linux")
    with (own.path / "opsharden.toml").open("a") as file:
        file.write('checks = ["checks"]\n')
    first = own.run("verify", own.names[0], "-o", "json")
    assert first.returncode in (0, 3), first.stderr
    (own.path / "first.json").write_text(first.stdout)
    shutil.rmtree(own.path / "inventory")
    shutil.rmtree(own.path / "keys")
    return own


def check(project: Any, command: str, expected: str) -> None:
    (project.path / "checks" / "test_own.py").write_text(CHECK.format(command=command, expected=expected))


def verdicts(text: str) -> dict[str, str]:
    return {finding["control"]: finding["verdict"] for finding in json.loads(text)["findings"]}


def test_every_verdict_comes_out_again(seen: Any) -> None:
    again = seen.run("verify", "--replay", "latest", "-o", "json")
    first = (seen.path / "first.json").read_text()
    assert verdicts(again.stdout) == verdicts(first)
    assert again.returncode == json.loads(first)["run"]["exit_code"], again.stderr
    number = len(verdicts(first))
    assert f"{number} of {number} verdicts as filed" in again.stderr
    # A replay is no run: nothing is filed.
    assert len(json.loads(seen.run("runs", "list", "-o", "json").stdout)) == 1


def test_a_check_that_judges_otherwise_is_told(seen: Any) -> None:
    check(seen, "uname -s", "Minix")
    again = seen.run("verify", "--replay", "latest", "-o", "json")
    assert again.returncode == 3
    assert verdicts(again.stdout)["own-own-release"] == "fail"
    assert "own-own-release: fail, filed as pass" in again.stderr
    assert "are not, to the letter, those of the run" in again.stderr


def test_a_newer_check_names_what_was_not_observed(seen: Any) -> None:
    check(seen, "uname -v", "Linux")
    again = seen.run("verify", "--replay", "latest", "-o", "json")
    assert again.returncode == 4
    (finding,) = [each for each in json.loads(again.stdout)["findings"] if each["control"] == "own-own-release"]
    assert finding["verdict"] == "error"
    assert "did not ask" in finding["reason"]
    assert "uname -v" in finding["reason"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--replay", "19990101"), "19990101"),
        (("--replay", "latest", "--control", "ssh-grace"), "whole run"),
        (("--replay", "latest", "web1"), "whole run"),
    ],
)
def test_what_cannot_be_replayed_is_a_sentence(seen: Any, arguments: tuple[str, ...], words: str) -> None:
    said = seen.run("verify", *arguments)
    assert said.returncode == 2
    assert words in said.stderr
    assert "Traceback" not in said.stderr


def test_without_evidence_there_is_nothing_to_replay(own: Any) -> None:
    said = own.run("verify", "--replay", "latest")
    assert said.returncode == 1
    assert "Traceback" not in said.stderr
