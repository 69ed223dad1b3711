"""The command line as a newcomer meets it: real calls, since it is the process whose words and exit code count."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from opsharden import __version__
from opsharden.cli.main import app
from tests.unit.calling import opsharden


def from_scratch(*words: str, **env: str) -> subprocess.CompletedProcess[str]:
    """As a shell calls it: Python and all libraries are loaded anew."""
    return subprocess.run(
        [sys.executable, "-m", "opsharden", *words],
        env={**os.environ, "COLUMNS": "200", **env},
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=60,
        check=False,
    )


def test_the_version_is_no_error() -> None:
    answer = from_scratch("--version")
    assert (answer.returncode, answer.stdout, answer.stderr) == (0, f"opsharden {__version__}\n", "")


def test_what_is_called_is_loaded_whatever_the_process_was_started_with(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["pytest"])
    answer = CliRunner().invoke(app, ["controls", "show", "--help"])
    assert answer.exit_code == 0, answer.output
    assert "opsharden controls show ssh-no-root" in answer.output


@pytest.mark.parametrize("words", [(), ("runs",), ("controls",), ("lab",)])
def test_nothing_to_do_shows_what_can_be_done(words: tuple[str, ...]) -> None:
    answer = opsharden(*words)
    assert answer.returncode == 2
    assert answer.stderr.startswith("Usage: opsharden")
    assert "Commands:" in answer.stderr
    assert answer.stdout == ""


@pytest.mark.parametrize(
    ("words", "sentence", "advice"),
    [
        (("verfy",), "opsharden has no command 'verfy'.", "Did you mean `opsharden verify`?"),
        (("frobnicate",), "opsharden has no command 'frobnicate'.", "→ Its commands are: init, bootstrap, verify,"),
        (("runs", "lst"), "opsharden runs has no command 'lst'.", "Did you mean `opsharden runs list`?"),
        (("--verison",), "opsharden has no option --verison.", "Did you mean --version?"),
        (("verify", "--lmit", "x"), "opsharden verify has no option --lmit.", "Did you mean --limit?"),
        (("verify", "--nothing-like-it"), "has no option --nothing-like-it.", "`opsharden verify --help` shows"),
        (("verify", "-f", "many"), "'--forks': it is to be a whole number.", "`opsharden verify --help` shows"),
        (("verify", "--fail-on", "x"), "'x' is not one of 'low', 'medium', 'high', 'critical'.", "--help"),
        (("verify", "--limit"), "requires an argument.", "--help` shows"),
        (("controls", "show", "a", "b"), "unexpected extra argument", "`opsharden controls show --help` shows"),
        (
            ("controls", "ssh-no-root"),
            "no command 'ssh-no-root'.",
            "Did you mean `opsharden controls show ssh-no-root`?",
        ),
        (("runs", "latest"), "no command 'latest'.", "Did you mean `opsharden runs show latest`?"),
        (("controls", "list", "--level", "3"), "'--level': it is to be at most 2.", "--help` shows"),
        (("lab", "up", "x", "--id", "y"), "Two labs are named: x and y.", "Name one."),
    ],
)
def test_what_is_not_understood_is_a_sentence_and_an_advice(words: tuple[str, ...], sentence: str, advice: str) -> None:
    answer = opsharden(*words)
    assert answer.returncode == 2
    assert answer.stderr.startswith("opsharden: usage: ")
    assert sentence in answer.stderr
    assert advice in answer.stderr
    assert "│" not in answer.stderr, "no boxes"
    assert len(answer.stderr.splitlines()) == 2


@pytest.mark.parametrize(
    "words",
    [
        ("api_token=hunter2hunter",),
        ("verify", "all", "-e", "api_token=my", "hunter2hunter"),
        ("verify", "-e", "a=1", "api_token=hunter2hunter"),
    ],
)
def test_a_mistyped_command_line_is_told_without_what_may_be_a_secret(words: tuple[str, ...]) -> None:
    answer = opsharden(*words)
    assert answer.returncode == 2
    assert answer.stderr.startswith("opsharden: ")
    assert "hunter2" not in answer.stdout + answer.stderr


def test_an_input_that_ends_too_soon_is_said() -> None:
    answer = opsharden("verify", "localhost", "--ask-become-pass")
    assert answer.returncode == 2, answer.stderr
    assert "Traceback" not in answer.stderr


@pytest.mark.parametrize(
    ("words", "number", "offered"), [("opsharden ver", "1", "verify"), ("opsharden verify --lim", "2", "--limit")]
)
def test_the_shell_completes(words: str, number: str, offered: str) -> None:
    answer = from_scratch(_OPSHARDEN_COMPLETE="complete_bash", COMP_WORDS=words, COMP_CWORD=number)
    assert offered in answer.stdout.split()


def test_the_content_is_where_it_says() -> None:
    answer = opsharden("content", env={"COLUMNS": "20"})
    assert Path(answer.stdout.strip(), "playbooks", "roles", "ssh", "tasks").is_dir()
    assert answer.stdout.count("\n") == 1
