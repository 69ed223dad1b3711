from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from opsharden.cli.controls import app
from opsharden.errors import CatalogueError

CONTROL = {
    "id": "own-motd",
    "title": f"A motd \x1b[31m that is{' very' * 60} long\nand goes on",
    "why": "To greet.",
    "severity": "low",
    "references": {"house": ["1", "2"]},
}


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    role = tmp_path / "roles" / "greeting"
    (role / "tasks").mkdir(parents=True)
    (role / "controls.yml").write_text(json.dumps([CONTROL]))
    (tmp_path / "opsharden.toml").write_text('roles = ["roles"]\n')
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OPSHARDEN_TRUSTED_PROJECT", str(tmp_path))
    return role


def call(*arguments: str) -> Result:
    return CliRunner().invoke(app, arguments)


def test_a_row_is_one_line_in_a_pipe_whatever_a_title_holds() -> None:
    result = call("list", "--role", "greeting")
    heading, row = result.stdout.splitlines()
    assert heading.split() == ["id", "role", "severity", "level", "title"]
    assert row.split()[:4] == ["own-motd", "greeting", "low", "A"]
    assert row.rstrip().endswith("very long and goes on")
    assert "\x1b" not in result.stdout
    assert result.stderr == ""


@pytest.mark.parametrize(
    ("words", "few"),
    [
        (("--profile", "backup"), 3),
        (("--profile", "backup", "--profile", "monitoring"), 5),
        (("--framework", "house:2"), 1),
        (("--role", "greeting", "--severity", "low", "--severity", "high", "--level", "0"), 1),
    ],
)
def test_filters_reach_the_list(words: tuple[str, ...], few: int) -> None:
    assert len(call("list", *words).stdout.splitlines()) == few + 1
    assert len(json.loads(call("list", *words, "--output", "json").stdout)) == few


def test_a_list_of_nothing_says_so_beside_it() -> None:
    result = call("list", "--role", "greeting", "--severity", "critical", "--output", "json")
    assert (result.exit_code, json.loads(result.stdout)) == (0, [])
    assert result.stderr == "No control passes all of these filters.\n"


def test_what_is_unknown_is_refused() -> None:
    for words in (("list", "--role", "greet"), ("show", "own-mtd")):
        assert isinstance(call(*words).exception, CatalogueError)


def test_one_is_shown_in_full(project: Path) -> None:
    (project / "proofs.yml").write_text(
        json.dumps({"own-motd": {"given": "touch /etc/motd", "break": "rm /etc/motd\nsync\n", "where": "hub"}})
    )
    (project / "cases.yml").write_text(json.dumps({"own-motd": [{"case": "x", "verdict": "pass"}]}))
    told = call("show", "own-motd").stdout
    assert told.startswith("own-motd: A motd \\x1b[31m that is")
    for said in (
        "To greet.\n",
        "  profiles: none\n",
        "  house: 1, 2\n",
        "  made to apply for its proof by: touch /etc/motd\n",
        "  broken for its proof by:\n    rm /etc/motd\n    sync\n",
        "  broken on: the host that hub names\n",
        "  cases: 1\n",
    ):
        assert f"\n{said}" in told
    as_json = json.loads(call("show", "own-motd", "--output", "json").stdout)
    assert (as_json["id"], as_json["title"], as_json["cases"]) == ("own-motd", CONTROL["title"], 1)
    assert as_json["proof"]["break"] == "rm /etc/motd\nsync\n"


def test_one_without_a_proof_says_so() -> None:
    assert "\n  broken for its proof by: nothing, it has none\n" in call("show", "own-motd").stdout
    assert json.loads(call("show", "own-motd", "--output", "json").stdout)["proof"] is None


@pytest.mark.parametrize("command", ["list", "show"])
def test_help_teaches_with_an_example(command: str) -> None:
    assert f" opsharden controls {command} " in call(command, "--help").stdout
