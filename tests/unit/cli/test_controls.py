from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from opsharden.cli.controls import app
from opsharden.errors import CatalogueError, UsageError

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
    assert heading.split() == ["id", "role", "severity", "level", "kind", "title"]
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
        (("--kind", "sysctl", "--framework", "cis-debian-12-v1.1.0:3.3.10"), 1),
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


def test_the_kind_stands_before_the_title() -> None:
    _, row = call("list", "--framework", "cis-debian-12-v1.1.0:3.3.10").stdout.splitlines()
    assert row.split()[:6] == ["net-syncookies", "network", "medium", "1", "sysctl", "A"]


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


@pytest.mark.parametrize(
    ("want", "told"),
    [
        ({"net.ipv4.a": {"exactly": 1}}, "  wants: net.ipv4.a: exactly 1\n"),
        (
            {"net.ipv4.a": {"one_of": [1, 2]}, "net.ipv4.b": {"at_least": 0, "at_most": 9}},
            "  wants:\n    net.ipv4.a: one of 1, 2\n    net.ipv4.b: at least 0, at most 9\n",
        ),
    ],
)
def test_what_a_control_that_is_data_wants_is_shown_in_words(project: Path, want: object, told: str) -> None:
    (project / "controls.yml").write_text(json.dumps([{**CONTROL, "kind": "sysctl", "want": want}]))
    assert f"\n  kind: sysctl\n{told}" in call("show", "own-motd").stdout
    assert json.loads(call("show", "own-motd", "--output", "json").stdout)["want"] == want


def test_options_that_are_part_of_what_is_wanted_are_shown_with_their_defaults(project: Path) -> None:
    want = {"LoginGraceTime": {"at_most": "{{ grace }}"}, "Ciphers": {"none_of": "{{ refused }}"}}
    (project / "controls.yml").write_text(json.dumps([{**CONTROL, "kind": "sshd", "want": want}]))
    (project / "defaults").mkdir()
    (project / "defaults" / "main.yml").write_text("grace: 60\nrefused: [a*, b*]\nother: 1\n")
    told = call("show", "own-motd").stdout
    assert "\n  wants:\n    LoginGraceTime: at most grace\n    Ciphers: none of refused\n" in told
    assert "\n  options by default:\n    grace: 60\n    refused: a*, b*\n" in told
    as_json = json.loads(call("show", "own-motd", "--output", "json").stdout)
    assert as_json["options"] == {"grace": 60, "refused": ["a*", "b*"]}


def test_a_control_of_no_kind_says_nothing_of_it() -> None:
    told = call("show", "own-motd").stdout
    assert "kind" not in told
    assert "wants" not in told
    assert "options" not in told
    assert json.loads(call("show", "own-motd", "--output", "json").stdout)["options"] is None


def test_one_without_a_proof_says_so() -> None:
    assert "\n  broken for its proof by: nothing, it has none\n" in call("show", "own-motd").stdout
    assert json.loads(call("show", "own-motd", "--output", "json").stdout)["proof"] is None


def test_a_new_one_says_what_was_made_and_what_comes_next(project: Path) -> None:
    result = call("new", "house-a", "--kind", "sysctl")
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr.splitlines() == [
        "made: roles/own/tasks/main.yml",
        "made: roles/own/meta/main.yml",
        "made: roles/own/controls.yml",
        "added: house-a, in roles/own/controls.yml from line 1 on",
        "next: write what is marked FILL IN there.",
        "next: `opsharden verify --control house-a`.",
    ]
    assert call("show", "house-a").exit_code == 0
    assert call("new", "house-b", "--kind", "sysctl").stderr.startswith(
        "added: house-b, in roles/own/controls.yml from"
    )
    assert isinstance(call("new", "house-b", "--kind", "sysctl").exception, UsageError)
    (project.parents[1] / "opsharden.toml").unlink()
    assert (
        'next: put the line roles = ["roles"] into opsharden.toml' in call("new", "house-c", "--kind", "sysctl").stderr
    )


def test_a_new_one_goes_where_it_is_told(project: Path) -> None:
    assert "made: roles/web/controls.yml" in call("new", "house-a", "--kind", "sysctl", "--role", "web").stderr
    assert (project.parent / "web" / "controls.yml").is_file()


@pytest.mark.parametrize("command", ["list", "show", "new"])
def test_help_teaches_with_an_example(command: str) -> None:
    assert f" opsharden controls {command} " in call(command, "--help").stdout
