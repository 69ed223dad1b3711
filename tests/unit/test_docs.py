"""The documents say what the code does."""

from __future__ import annotations

import importlib.util
import re
import tomllib
from pathlib import Path

import pytest

from opsharden.catalogue import load_catalogue
from opsharden.cli.main import VERBS

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def test_the_commands_are_documented_by_their_own_help() -> None:
    spec = importlib.util.spec_from_file_location("commands", ROOT / "docs" / "commands.py")
    assert spec is not None
    assert spec.loader is not None
    commands = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(commands)
    assert commands.PAGE.read_text("utf-8") == commands.page(), "renew it: python docs/commands.py"
    assert {name.split()[0] for name in commands.COMMANDS if name} == set(VERBS)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text("utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_opsharden_command_in_a_page_exists(page: Path) -> None:
    used = set(re.findall(r"(?:^ {4}|`)(?:sudo )?opsharden ([a-z]+)", page.read_text("utf-8"), flags=re.MULTILINE))
    assert used - set(VERBS) == set()


def test_every_dependency_is_argued_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    argued = (ROOT / "docs" / "dependencies.md").read_text("utf-8").lower()
    wanted = [re.split(r"[><=]", name)[0] for name in project["dependencies"]]
    development = [re.split(r"[><=]", name)[0] for name in project["optional-dependencies"]["dev"]]
    assert [name for name in wanted if name not in argued] == []
    assert [name for name in development if name.lower() not in argued and not name.startswith("types-")] == []


def test_every_room_is_on_the_map() -> None:
    drawn = (ROOT / "docs" / "architecture.md").read_text("utf-8")
    rooms = [path.parent.name for path in (ROOT / "opsharden").glob("*/__init__.py")]
    assert [room for room in rooms if f"{room}/" not in drawn] == []


def test_the_controls_in_the_guide_are_real() -> None:
    guide = (ROOT / "docs" / "controls.md").read_text("utf-8")
    assert "ssh-grace" in guide
    assert "ssh-grace" in load_catalogue().controls
