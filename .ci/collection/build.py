"""Builds our content as an Ansible collection: `python .ci/collection/build.py [FOLDER]`; the folder is dist.

Roles keep their modules in folders of their own, where plain Ansible and opsharden find them by short names. A
collection has them in plugins/, by full names. So that there is one source, what the two differ in is written when it
is built: where files lie, and the names of roles, of modules and of what these import.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import yaml

from opsharden import __version__
from opsharden.catalogue import roles_path, site_playbook

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
NAME = "opsharden.content"

PLUGINS = {"library": "modules", "module_utils": "module_utils", "action_plugins": "action"}
"""Folder of a role to the folder of plugins/ that its files go to."""

PARTS = ("defaults", "files", "handlers", "meta", "tasks", "templates", "vars")
"""What Ansible reads of a role. Checks, proofs and cases are for the opsharden command."""

ONLY_OURS = ("peers.yml",)
"""What lies among it for the opsharden command alone."""


def lay_out(stage: Path) -> None:
    """Write the folder that `ansible-galaxy collection build` takes.

    Raises:
        SystemExit: Two roles have different files that would become one plugin.
    """
    stage.mkdir(parents=True)
    galaxy = (HERE / "galaxy.yml").read_text(encoding="utf-8")
    (stage / "galaxy.yml").write_text(f"{galaxy}version: {__version__}\n", encoding="utf-8")
    _write(stage / "meta" / "runtime.yml", (HERE / "runtime.yml").read_text(encoding="utf-8"))
    shutil.copy(ROOT / "docs" / "collection.md", stage / "README.md")
    for name in ("CHANGELOG.md", "LICENSE"):
        shutil.copy(ROOT / name, stage)
    sources = _plugins()
    modules = {path.stem for path in sources if path.parent.name == "modules"}
    utilities = {path.stem for path in sources if path.parent.name == "module_utils"}
    for path, text in sources.items():
        _write(stage / "plugins" / path, with_full_names(text, modules, utilities))
    site = site_playbook().read_text(encoding="utf-8")
    for path in sorted((roles_path() / "kinds").glob("*.yml")):  # what its plugins read
        shutil.copy(path, stage / "plugins")
    for role in (name for play in yaml.safe_load(site) for name in play["roles"]):
        _role(roles_path() / role, stage / "roles" / role, modules)
    _write(stage / "playbooks" / "site.yml", with_full_roles(site))


def with_full_names(text: str, modules: Collection[str], utilities: Collection[str]) -> str:
    """Python that imports the collection's own module_utils, and calls its modules by their full names."""
    imported = re.compile(rf"\bansible\.module_utils\.({'|'.join(sorted(utilities))})\b")
    called = re.compile(rf'(?<=: )"({"|".join(sorted(modules))})"(?=,$)', flags=re.MULTILINE)
    return called.sub(rf'"{NAME}.\1"', imported.sub(rf"ansible_collections.{NAME}.plugins.module_utils.\1", text))


def with_full_calls(text: str, modules: Collection[str]) -> str:
    """A file of tasks that calls the collection's modules by their full names."""
    return _with_prefix(text, _calls(_nodes(text), modules))


def with_full_roles(text: str) -> str:
    """A playbook that names the collection's roles in full."""
    roles = [value for play in _nodes(text) for key, value in play.value if key.value == "roles"]
    return _with_prefix(text, (role.start_mark.index for each in roles for role in each.value))


def with_full_dependencies(text: str) -> str:
    """A role's meta/main.yml that does without the role `kinds`, whose plugins are the collection's own."""
    named = [each["role"] for each in yaml.safe_load(text)["dependencies"]]
    left = [f"{NAME}.{role}" for role in named if role != "kinds"]
    ((key, value),) = [(key, value) for key, value in _nodes(text) if key.value == "dependencies"]
    before, after = text[: key.start_mark.index], text[value.end_mark.index :]
    return f"{before}dependencies: {json.dumps(left)}\n{after.lstrip()}"


def _plugins() -> dict[Path, str]:
    """Where in plugins/ a file goes, and what is in it."""
    found: dict[Path, str] = {}
    for folder, kind in PLUGINS.items():
        for path in sorted(roles_path().glob(f"*/{folder}/*.py")):
            text = path.read_text(encoding="utf-8")
            if found.setdefault(Path(kind, path.name), text) != text:
                raise SystemExit(f"{path}: another role has a file of that name, and it is not the same.")
    return found


def _role(role: Path, to: Path, modules: Collection[str]) -> None:
    shutil.copytree(role, to, ignore=lambda folder, names: _left_out(Path(folder) == role, names))
    for path in [*to.glob("tasks/*.yml"), *to.glob("handlers/*.yml")]:
        path.write_text(with_full_calls(path.read_text(encoding="utf-8"), modules), encoding="utf-8")
    path = to / "meta" / "main.yml"
    path.write_text(with_full_dependencies(path.read_text(encoding="utf-8")), encoding="utf-8")


def _left_out(at_top: bool, names: Collection[str]) -> set[str]:
    return set(names).difference((*PARTS, "controls.yml")) if at_top else set(names).intersection(ONLY_OURS)


def _nodes(text: str) -> Sequence[Any]:
    """What a file of YAML has at its top: tasks, plays, or pairs of key and value. Each knows its place in the text."""
    top = yaml.compose(text)
    return top.value if top else ()


def _calls(tasks: Sequence[Any], modules: Collection[str]) -> Iterator[int]:
    """Where in a file of tasks a module of the collection is called."""
    for task in tasks:
        for key, value in task.value:
            if key.value in modules:
                yield key.start_mark.index
            elif key.value in ("block", "rescue", "always"):
                yield from _calls(value.value, modules)


def _with_prefix(text: str, places: Iterable[int]) -> str:
    for place in sorted(places, reverse=True):
        text = f"{text[:place]}{NAME}.{text[place:]}"
    return text


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def main() -> None:
    """Build it, in place of one of the same version."""
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "dist")
    galaxy = Path(sys.executable).with_name("ansible-galaxy")
    with tempfile.TemporaryDirectory() as temporary:
        stage = Path(temporary) / "stage"
        lay_out(stage)
        subprocess.run([galaxy, "collection", "build", "--force", "--output-path", folder, stage], check=True)


if __name__ == "__main__":
    main()
