from __future__ import annotations

from pathlib import Path

import pytest

from opsharden.catalogue import content_digest, load_catalogue
from opsharden.errors import CatalogueError

CONTROL = "- {id: own-motd, title: A motd, why: To greet., severity: low, level: 0}\n"


@pytest.fixture
def roles(tmp_path: Path) -> Path:
    """A folder with one role of the user's own."""
    role = tmp_path / "roles" / "greeting"
    (role / "tasks").mkdir(parents=True)
    (role / "tasks" / "main.yml").write_text("[]\n")
    (role / "controls.yml").write_text(CONTROL)
    return tmp_path / "roles"


def profile(folder: Path, name: str, text: str) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.yml").write_text(f"name: {name}\ntitle: {name}\n{text}")
    return folder


def test_a_role_of_the_users_is_content_like_ours(roles: Path) -> None:
    catalogue = load_catalogue([roles])
    assert catalogue.controls["own-motd"].role == "greeting"


def test_a_profile_extends_another_and_its_values_win(roles: Path, tmp_path: Path) -> None:
    folder = profile(tmp_path / "p", "base", "controls: [own-motd]\nvalues: {a: 1, b: 1}\n")
    profile(folder, "more", "extends: [base]\ncontrols: [ssh-grace, own-motd]\nvalues: {b: 2}\n")
    more = load_catalogue([roles], [folder]).profile("more")
    assert more.controls == ("own-motd", "ssh-grace")
    assert more.values == {"a": 1, "b": 2}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("extends: [nowhere]\n", "nowhere"),
        ("extends: [mine]\n", "mine → mine"),
        ("controls: [no-such-control]\n", "no-such-control"),
        ("controls: 3\n", "at controls"),
        ("colour: red\n", "at colour"),
    ],
)
def test_a_profile_that_cannot_hold_is_refused_with_its_reason(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(CatalogueError, match=said):
        load_catalogue([], [profile(tmp_path / "p", "mine", text)])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("- {id: Own_Motd, title: x, why: x, severity: low}\n", "at 0.id"),
        ("- {id: own-motd, title: x, why: x, severity: dire}\n", "at 0.severity"),
        ("- {id: own-motd, why: x, severity: low}\n", "at 0.title"),
        ("- {id: own-motd, title: x, why: x, severity: low, level: 3}\n", "at 0.level"),
        ("- {id: own-motd, title: x, why: x, severity: low, colour: red}\n", "at 0.colour"),
        ("- {id: own-motd, title: x, why: x, severity: low, role: other}\n", "at 0.role: the role is"),
        ("- {id: own-motd, title: x, why: x, severity: low, references: {cis: 5}}\n", "at 0.references.cis"),
        ("id: own-motd\n", "at the top"),
        ("- own-motd\n", "at 0"),
        ("- id: own-motd\n  title: a: b\n", "not valid YAML"),
        ("- {id: ssh-grace, title: x, why: x, severity: low}\n", "there twice"),
    ],
)
def test_a_malformed_control_is_refused_with_its_place(roles: Path, text: str, said: str) -> None:
    (roles / "greeting" / "controls.yml").write_text(text)
    with pytest.raises(CatalogueError, match=said):
        load_catalogue([roles])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("age: {at_least: 1}\n", "which .*argument_specs.yml does not describe"),
        ("size: {atleast: 1}\n", r"at size\.atleast"),
        ("size: {parts: {x: {at_most: y}}}\n", r"at size\.parts\.x\.at_most"),
        ("size: {shape: '[', words: x}\n", "at size: the shape is no regular expression"),
        ("size: {parts: {x: {shape: x}}}\n", "at size: a shape needs words"),
        ("size: {words: x}\n", "at size: a shape needs words"),
    ],
)
def test_a_limit_that_cannot_hold_is_refused_with_its_place(roles: Path, text: str, said: str) -> None:
    meta = roles / "greeting" / "meta"
    meta.mkdir()
    (meta / "argument_specs.yml").write_text("argument_specs: {main: {options: {size: {type: int}}}}\n")
    (meta / "limits.yml").write_text(text)
    with pytest.raises(CatalogueError, match=f"limits.yml.*{said}"):
        load_catalogue([roles])


def test_a_role_names_the_hosts_it_looks_at_by_variables_that_it_describes(roles: Path) -> None:
    meta = roles / "greeting" / "meta"
    meta.mkdir()
    (meta / "argument_specs.yml").write_text("argument_specs: {main: {options: {hub: {type: str}}}}\n")
    (meta / "peers.yml").write_text("hub: [own-motd]\n")
    assert load_catalogue([roles]).roles["greeting"].peers == {"hub": ("own-motd",)}
    (meta / "peers.yml").write_text("hup: []\n")
    with pytest.raises(CatalogueError, match="hup, which"):
        load_catalogue([roles])
    (meta / "peers.yml").write_text("hub: [own-motto]\n")
    with pytest.raises(CatalogueError, match="own-motto at hub, which is no control of this role"):
        load_catalogue([roles])
    (meta / "peers.yml").write_text("hub\n")
    with pytest.raises(CatalogueError, match=r"peers\.yml, at the top"):
        load_catalogue([roles])


def test_an_unknown_control_is_answered_with_the_nearest() -> None:
    with pytest.raises(CatalogueError) as caught:
        load_catalogue().known(["ssh-no-rot"])
    assert caught.value.advice == "Did you mean ssh-no-root?"


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(CatalogueError, match="no folder of roles"):
        load_catalogue([tmp_path / "nowhere"])


def test_the_digest_changes_with_any_byte_and_any_name(roles: Path) -> None:
    before = content_digest([roles])
    (roles / "greeting" / "controls.yml").write_text(CONTROL.replace("greet", "meet"))
    changed = content_digest([roles])
    (roles / "greeting" / "controls.yml").rename(roles / "greeting" / "control.yml")
    assert len({before, changed, content_digest([roles])}) == 3
