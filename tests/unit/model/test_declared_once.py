"""A field of a control is declared in the model and nowhere else: from a role's file it gets everywhere by itself."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, fields, replace
from pathlib import Path

import pytest
from pydantic import TypeAdapter
from typer.testing import CliRunner

from opsharden.catalogue import load_catalogue, schema
from opsharden.cli.main import app
from opsharden.errors import CatalogueError
from opsharden.evidence import Store, content
from opsharden.model import Control
from opsharden.report import render
from tests.unit.report import sample


@dataclass(frozen=True, slots=True)
class Later(Control):
    """A control of a later day, which says more."""

    owners: tuple[str, ...] = field(default=())


SAID = {
    "id": "own-motd",
    "title": "A motd",
    "why": "To greet.",
    "severity": "low",
    "level": 1,
    "risk": "lockout-or-outage",
    "references": {"cis": ["1", "2"]},
    "kind": "sysctl",
    "want": {"net.ipv4.tcp_rfc1337": {"exactly": 1}},
    "owners": ["ops", "dev"],
}


@pytest.fixture
def roles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(schema, "_CONTROLS", TypeAdapter(list[Later]))
    monkeypatch.setattr(content, "_CONTROL", TypeAdapter(Later))
    role = tmp_path / "roles" / "greeting"
    (role / "tasks").mkdir(parents=True)
    (role / "controls.yml").write_text(json.dumps([SAID]))
    (tmp_path / "opsharden.toml").write_text('roles = ["roles"]\n')
    return tmp_path / "roles"


def test_every_field_there_is_was_said_above() -> None:
    assert SAID.keys() | {"role"} == {each.name for each in fields(Later)}


def test_it_is_read_from_a_roles_file(roles: Path) -> None:
    control = load_catalogue([roles]).controls["own-motd"]
    assert isinstance(control, Later)
    assert (control.owners, control.role) == (("ops", "dev"), "greeting")


def test_where_it_is_mistaken_the_place_is_named(roles: Path) -> None:
    (roles / "greeting" / "controls.yml").write_text(json.dumps([{**SAID, "owners": "ops"}]))
    with pytest.raises(CatalogueError, match=r"at 0\.owners"):
        load_catalogue([roles])


def test_it_comes_back_from_evidence(roles: Path) -> None:
    control = load_catalogue([roles]).controls["own-motd"]
    with Store.open(roles / "evidence.db") as store:
        run = store.begin(sample.run(ended_at=None))
        store.add_controls(run.id, [control])
        assert store.record(run.id).controls == {"own-motd": control}


def test_it_is_in_the_json_of_a_run(roles: Path) -> None:
    control = load_catalogue([roles]).controls["own-motd"]
    record = replace(sample.record(), controls={control.id: control})
    assert json.loads(render("json", record))["controls"]["own-motd"] == {**SAID, "role": "greeting"}


def test_the_command_line_tells_it(roles: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(roles.parent)
    monkeypatch.setenv("OPSHARDEN_TRUSTED_PROJECT", str(roles.parent))
    told = CliRunner().invoke(app, ["controls", "show", "own-motd"])
    assert (told.exit_code, told.exception) == (0, None)
    for said in ("level: 1", "risk: lockout-or-outage", "cis: 1, 2", "owners: ops, dev"):
        assert f"\n  {said}\n" in told.output
    for words in (["list", "--role", "greeting"], ["show", "own-motd"]):
        as_json = json.loads(CliRunner().invoke(app, ["controls", *words, "--output", "json"]).output)
        (found,) = as_json if isinstance(as_json, list) else [as_json]
        assert found.items() >= {**SAID, "role": "greeting"}.items()
