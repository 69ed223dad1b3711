from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import yaml

from opsharden.catalogue import KINDS, Role, load_catalogue, roles_path
from opsharden.errors import CatalogueError, OpshardenError, UsageError
from opsharden.settings import Settings
from opsharden.workflows.new_control import MARK, new_control

ENTRY = "- {id: own-motd, title: A motd, why: To greet., severity: low}\n"


@pytest.fixture
def here(tmp_path: Path) -> Settings:
    """A project with a folder of roles, which is empty."""
    (tmp_path / "roles").mkdir()
    return Settings(project=tmp_path, roles=(tmp_path / "roles",))


def texts(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}


def role(here: Settings) -> Role:
    return load_catalogue(here.roles).roles["own"]


@pytest.mark.parametrize("kind", KINDS)
def test_the_role_is_made_around_the_first_and_is_like_ours(here: Settings, kind: str) -> None:
    made = new_control(here, "house-a", kind, "own")
    names = ["tasks/main.yml", "meta/main.yml", "controls.yml"]
    assert [str(path.relative_to(here.roles[0] / "own")) for path in made.files] == names
    assert (made.entry, made.line, made.setting) == (made.files[-1], 1, "")
    (control,) = role(here).controls
    assert (control.id, control.kind, control.severity.value) == ("house-a", kind, "medium")
    ours = roles_path() / "network"
    (task,) = yaml.safe_load((ours / names[0]).read_text())
    task["tags"].remove("opsharden-data")  # what opsharden does of ours at once, a role of the user's does itself
    assert yaml.safe_load((here.roles[0] / "own" / names[0]).read_text()) == [task]
    assert yaml.safe_load(made.files[1].read_text())["dependencies"] == [{"role": "kinds"}]


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_to_be_filled_in_is_marked(here: Settings, kind: str) -> None:
    text = new_control(here, "house-a", kind, "own").entry.read_text()
    marked = [line.split(":")[0].strip() for line in text.splitlines() if MARK in line]
    assert marked == ["title", "why", "severity", "want"]


@pytest.mark.parametrize(
    "before",
    [ENTRY, f"# Ours.\n---\n{ENTRY}\n", ENTRY.rstrip(), f"  {ENTRY}", f"{ENTRY}# The last words.\n"],
)
def test_one_more_goes_behind_what_is_there_and_nothing_else_changes(here: Settings, before: str) -> None:
    new_control(here, "house-a", "sysctl", "own")
    entries = here.roles[0] / "own" / "controls.yml"
    entries.write_text(before)
    others = texts(here.project)
    made = new_control(here, "house-b", "sysctl", "own")
    assert made.files == ()
    after = entries.read_text()
    assert after.startswith(before)
    assert after.splitlines()[made.line - 1].strip() == "- id: house-b"
    assert [each.id for each in role(here).controls] == ["own-motd"] * ("own-motd" in before) + ["house-b"]
    assert {**texts(here.project), "roles/own/controls.yml": before} == others


@pytest.mark.parametrize("before", [f"[{ENTRY[2:].strip()}]\n", f"--- \n{ENTRY}...\n"])
def test_a_list_that_ends_otherwise_is_left_alone(here: Settings, before: str) -> None:
    new_control(here, "house-a", "sysctl", "own")
    entries = here.roles[0] / "own" / "controls.yml"
    entries.write_text(before)
    with pytest.raises(CatalogueError, match=r"controls.yml does not end with the last entry of a plain list"):
        new_control(here, "house-b", "sysctl", "own")
    assert entries.read_text() == before


def test_what_is_there_of_a_role_stays(here: Settings) -> None:
    own = here.roles[0] / "own"
    for name, text in {
        "tasks/main.yaml": "- import_tasks: more.yml\n",
        "tasks/more.yml": "- data_controls: {role: '{{ role_path }}'}\n",
        "meta/main.yaml": "dependencies: [kinds]\n",
    }.items():
        (own / name).parent.mkdir(parents=True, exist_ok=True)
        (own / name).write_text(text)
    before = texts(here.project)
    made = new_control(here, "house-a", "sysctl", "own")
    assert made.files == (own / "controls.yml",)
    assert texts(here.project).items() >= before.items()


def test_without_the_setting_the_folder_is_made_and_the_setting_named(tmp_path: Path) -> None:
    made = new_control(Settings(project=tmp_path), "house-a", "sysctl", "own")
    assert made.setting == 'roles = ["roles"]'
    assert made.entry == tmp_path / "roles" / "own" / "controls.yml"
    assert new_control(Settings(project=tmp_path), "house-b", "sysctl", "own").setting == made.setting


def test_the_first_folder_of_several_gets_it(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    made = new_control(Settings(project=tmp_path, roles=(tmp_path / "a", tmp_path / "b")), "house-a", "sysctl", "own")
    assert made.entry.is_relative_to(tmp_path / "a")


def test_in_a_checkout_it_is_a_role_of_ours_that_gets_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    roles = shutil.copytree(roles_path(), tmp_path / "roles")
    for module in ("catalogue.catalogue", "workflows.new_control"):
        monkeypatch.setattr(f"opsharden.{module}.roles_path", lambda: roles)
    made = new_control(Settings(project=tmp_path), "net-more", "sysctl", "network")
    assert (made.files, made.entry, made.setting) == ((), roles / "network" / "controls.yml", "")
    assert load_catalogue().controls["net-more"].role == "network"


@pytest.mark.parametrize(
    ("control", "kind", "name", "message", "advice"),
    [
        ("House-a", "sysctl", "own", "House-a cannot be a control's id.", "lower-case words"),
        ("house", "sysctl", "own", "house cannot be a control's id.", "lower-case words"),
        ("house-a\n", "sysctl", "own", "cannot be a control's id.", "lower-case words"),
        ("a-b: {x: y}", "sysctl", "own", "cannot be a control's id.", "lower-case words"),
        (
            "ssh-no-root",
            "sysctl",
            "own",
            "There is a control ssh-no-root already, in the role ssh.",
            "a word of your own",
        ),
        ("house-a", "sysctrl", "own", "There is no kind sysctrl.", "Did you mean sysctl?"),
        ("house-a", "sysctl", "ssh", "There is a role ssh already, in ", "--role NAME"),
        ("house-a", "sysctl", "../own", "../own cannot be a role's name.", "lower-case letters"),
        ("house-a", "sysctl", ".", ". cannot be a role's name.", "lower-case letters"),
        ("house-a", "sysctl", "", " cannot be a role's name.", "lower-case letters"),
    ],
)
def test_what_cannot_be_had_is_refused_and_nothing_made(
    here: Settings, control: str, kind: str, name: str, message: str, advice: str
) -> None:
    with pytest.raises(UsageError) as refused:
        new_control(here, control, kind, name)
    assert message in refused.value.message
    assert advice in refused.value.advice
    assert list(here.roles[0].iterdir()) == []


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"tasks/main.yml": "# data_controls: no\n[]\n"}, "The role own has no task `data_controls`"),
        (
            {"tasks/main.yml": "- data_controls: {}\n", "meta/main.yml": "# kinds\n{}\n"},
            "does not name the role `kinds`",
        ),
        ({"meta/main.yml": "dependencies: [{role: other}]\n"}, "does not name the role `kinds`"),
        (
            {"controls.yml": ENTRY.replace("own-motd", "house-a")},
            "There is a control house-a already, in the role own.",
        ),
        ({"controls.yml": "- 3\n"}, "controls.yml, at 0"),
    ],
)
def test_a_role_that_would_not_bring_it_about_is_refused(here: Settings, files: dict[str, str], message: str) -> None:
    for name, text in files.items():
        path = here.roles[0] / "own" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    before = texts(here.project)
    with pytest.raises(UsageError) as refused:
        new_control(here, "house-a", "sysctl", "own")
    assert message in refused.value.message
    assert texts(here.project) == before


def test_the_id_of_a_test_of_ones_own_is_taken(here: Settings) -> None:
    checks = here.project / "checks"
    checks.mkdir()
    (checks / "test_web.py").write_text("def test_runs(host):\n    assert True\n")
    here = here.model_copy(update={"checks": (checks,)})
    with pytest.raises(UsageError, match="A test of yours is the control own-web-runs already"):
        new_control(here, "own-web-runs", "sysctl", "own")
    assert new_control(here, "own-web-walks", "sysctl", "own").line == 1


def test_where_nothing_can_be_written_it_says_so(here: Settings) -> None:
    (here.roles[0] / "own").write_text("a file\n")
    with pytest.raises(OpshardenError) as refused:
        new_control(here, "house-a", "sysctl", "own")
    assert refused.value.message == f"The control cannot be written to {here.roles[0] / 'own'}: Not a directory."
    assert texts(here.roles[0]) == {"own": "a file\n"}
