import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from opsharden import lab
from opsharden.cli.lab import app
from opsharden.errors import UsageError

LABS = (
    lab.Lab(
        "one", Path("/srv/one"), (lab.LabHost("hub", "10.89.0.10", lab.Suite.BOOKWORM, "opsharden-one-hub", "exited"),)
    ),
    lab.Lab("two", Path("/srv/two"), ()),
)


@pytest.fixture
def run() -> CliRunner:
    return CliRunner()


def test_list_as_json_has_all_of_every_host(run: CliRunner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lab, "labs", lambda: LABS)
    result = run.invoke(app, ["list", "--json"])
    assert json.loads(result.stdout) == [
        {
            "id": "one",
            "directory": "/srv/one",
            "hosts": [
                {
                    "name": "hub",
                    "address": "10.89.0.10",
                    "suite": "bookworm",
                    "container": "opsharden-one-hub",
                    "state": "exited",
                }
            ],
        },
        {"id": "two", "directory": "/srv/two", "hosts": []},
    ]


def test_down_without_an_id_takes_the_only_lab(run: CliRunner, monkeypatch: pytest.MonkeyPatch) -> None:
    gone: list[str] = []
    monkeypatch.setattr(lab, "labs", lambda: LABS[:1])
    monkeypatch.setattr(lab, "down", gone.append)
    assert run.invoke(app, ["down"]).exit_code == 0
    assert gone == ["one"]


@pytest.mark.parametrize(("labs", "sentence"), [((), "no lab on this machine"), (LABS, "There are 2 labs")])
def test_down_without_an_id_does_not_guess(
    run: CliRunner, monkeypatch: pytest.MonkeyPatch, labs: tuple[lab.Lab, ...], sentence: str
) -> None:
    monkeypatch.setattr(lab, "labs", lambda: labs)
    result = run.invoke(app, ["down"])
    assert isinstance(result.exception, UsageError)
    assert sentence in result.exception.message


def test_the_options_of_up_become_the_spec(run: CliRunner, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    specs: list[lab.LabSpec] = []

    def up(spec: lab.LabSpec, **_options: object) -> lab.Lab:
        specs.append(spec)
        return LABS[0]

    monkeypatch.setattr(lab, "up", up)
    options = "--debian12 2 --debian13 3 --hub --without-python 1 --id demo --image trixie=example/t:1"
    assert run.invoke(app, ["up", *options.split(), "--dir", str(tmp_path)]).exit_code == 0
    images = {lab.Suite.TRIXIE: "example/t:1"}
    assert specs == [lab.LabSpec("demo", 2, 3, hub=True, without_python=1, images=images, directory=tmp_path)]


@pytest.mark.parametrize("words", [["demo"], ["--id", "demo"], ["demo", "--id", "demo"]])
def test_a_lab_is_named_the_same_way_going_up_and_down(
    run: CliRunner, monkeypatch: pytest.MonkeyPatch, words: list[str]
) -> None:
    named: list[str] = []

    def up(spec: lab.LabSpec, **_options: object) -> lab.Lab:
        named.append(spec.id)
        return LABS[0]

    monkeypatch.setattr(lab, "up", up)
    monkeypatch.setattr(lab, "labs", lambda: LABS)
    monkeypatch.setattr(lab, "down", named.append)
    assert run.invoke(app, ["up", *words]).exit_code == 0
    assert run.invoke(app, ["down", *words]).exit_code == 0
    assert named == ["demo", "demo"]


def test_settings_that_name_a_lab_that_is_gone_are_told_of(
    run: CliRunner, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "opsharden.toml").write_text('inventory = ["hosts.yml", "lab/inventory/hosts.yml"]')
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(lab, "labs", lambda: (lab.Lab("one", tmp_path / "lab", ()),))
    monkeypatch.setattr(lab, "down", lambda _: None)
    said = " ".join(run.invoke(app, ["down"]).output.split())
    assert f"opsharden.toml still names {tmp_path}/lab/inventory/hosts.yml" in said.replace("- ", "-")
    assert "hosts.yml, which is gone: take it out" in said


@pytest.mark.parametrize("image", ["trixie", "trixie=", "sid=example/x", "=example/x"])
def test_an_image_for_no_suite_is_refused(run: CliRunner, image: str) -> None:
    result = run.invoke(app, ["up", "--image", image])
    assert isinstance(result.exception, UsageError)
    assert "bookworm, trixie" in result.exception.advice
