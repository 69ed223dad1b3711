"""controls new: an entry to fill in, and the role around it where there is none yet."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml

from opsharden.catalogue import KINDS, Catalogue, load_catalogue, roles_path, unknown
from opsharden.catalogue.schema import is_control_id, load_yaml, read_controls
from opsharden.errors import CatalogueError, OpshardenError, UsageError
from opsharden.settings import Settings

MARK = "FILL IN"
"""Stands wherever the entry is to be filled in."""

_ROLE = {
    "tasks/main": """\
---
- name: Bring about what its controls want
  data_controls: {role: "{{ role_path }}"}
  tags: [always]
""",
    "meta/main": """\
---
dependencies:
  - role: kinds # brings about controls that are data
""",
}
"""The role around controls that are data, file by file."""

_ENTRY = """\
- id: {id}
  title: "{mark}: the state required, in one sentence"
  why: "{mark}: what goes wrong without it, in one or two sentences"
  severity: medium # {mark}: low, medium, high or critical
  # level: 1 # where a benchmark has it: 1 or 2
  # references: {{name-of-a-benchmark: ["1.2.3"]}}
  kind: {kind}
  want: # {mark}
    {blank}
"""


@dataclass(frozen=True, slots=True)
class Made:
    """What was made.

    Attributes:
        files: Those that are new.
        entry: The file that has the entry now.
        line: The line of it on which the entry begins.
        setting: The line that opsharden.toml needs, so that the role takes part; empty where it does already.
    """

    files: tuple[Path, ...]
    entry: Path
    line: int
    setting: str


def new_control(here: Settings, control: str, kind: str, role: str) -> Made:
    """Add a control that is data to a role of the user's, to be filled in. Nothing that is there is changed.

    Args:
        here: The settings; the role lies in the first folder of `roles`, else in `roles` in the project.
        control: The id it is to have.
        kind: Its kind.
        role: The role's name; what is missing of its folder is made.

    Raises:
        UsageError: The id, the kind or the role cannot be had, and nothing was made.
        OpshardenError: A file cannot be written.
    """
    if kind not in KINDS:
        raise unknown("kind", kind, KINDS)
    folder = here.roles[0] if here.roles else here.project / "roles"
    ours = folder.is_dir() and folder.samefile(roles_path())  # in a checkout, it is a role of ours that gets it
    theirs = [each for each in (folder, *here.roles[1:]) if each != folder or (folder.is_dir() and not ours)]
    catalogue = load_catalogue(theirs, here.profile_dirs)
    path = folder / role
    _refuse_role(role, path, catalogue)
    _refuse_id(control, path / "controls.yml", catalogue, here)
    entry = _ENTRY.format(id=control, kind=kind, blank=KINDS[kind].blank, mark=MARK)
    setting = "" if here.roles or ours else 'roles = ["roles"]'
    try:
        return _write(path, entry, setting)
    except OSError as error:
        raise OpshardenError(
            f"The control cannot be written to {path}: {error.strerror or error}.", "Check owner, mode and free space."
        ) from None


def _refuse_role(role: str, path: Path, catalogue: Catalogue) -> None:
    """Refuse a role that is not the user's, or that would not bring a control about that is data."""
    known = catalogue.roles.get(role)
    if known is None and not re.fullmatch("[a-z][a-z0-9_]*", role):
        raise UsageError(f"{role} cannot be a role's name.", "It is to be lower-case letters, digits and underscores.")
    if known is not None and not (path.is_dir() and known.path.samefile(path)):
        raise UsageError(f"There is a role {role} already, in {known.path.parent}.", "Name another: --role NAME.")
    advice = "docs/controls.md shows it; or name another role: --role NAME."
    tasks = [*(path / "tasks").rglob("*.yml"), *(path / "tasks").rglob("*.yaml")]
    if tasks and not any(re.search(r"^[^#\n]*\bdata_controls\s*:", each.read_text("utf-8"), re.M) for each in tasks):
        raise UsageError(f"The role {role} has no task `data_controls`, so nothing would bring it about.", advice)
    if (meta := _there(path / "meta" / "main")) and not _depends(meta):
        raise UsageError(f"{meta} does not name the role `kinds`, which would bring it about.", advice)


def _refuse_id(control: str, entries: Path, catalogue: Catalogue, here: Settings) -> None:
    if not is_control_id(control):
        raise UsageError(
            f"{control} cannot be a control's id.",
            "It is to be lower-case words with hyphens between them, a word of yours first: house-core-dumps.",
        )
    taken = {each.id: each.role for each in catalogue.controls.values()}
    if entries.exists():  # a folder without tasks is not in the catalogue yet
        taken |= {each.id: each.role for each in read_controls(entries, entries.parent.name)}
    if control in taken:
        raise UsageError(
            f"There is a control {control} already, in the role {taken[control]}.",
            "Ids are kept for good: begin yours with a word of your own.",
        )
    if here.checks:
        from opsharden.probe import Pool  # noqa: PLC0415 - takes time to load, and few have tests of their own

        if control in Pool(here.checks, here.project / ".opsharden" / "checks", {}):
            raise UsageError(f"A test of yours is the control {control} already.", "Choose another id.")


def _depends(meta: Path) -> bool:
    said = load_yaml(meta.read_text("utf-8"))
    named = (said.get("dependencies") or []) if isinstance(said, dict) else []
    return any("kinds" in (each, *(each.values() if isinstance(each, dict) else ())) for each in named)


def _write(path: Path, entry: str, setting: str) -> Made:
    entries = path / "controls.yml"
    before = entries.read_text("utf-8") if entries.exists() else ""
    added = _fitted(before, entry, entries)
    files = tuple(_missing(path))
    if not entries.exists():
        files = (*files, entries)
    with entries.open("a", encoding="utf-8") as file:
        file.write(added)
    line = (before + added).count("\n", 0, len(before) + added.index("- id:")) + 1
    return Made(files, entries, line, setting)


def _fitted(before: str, entry: str, path: Path) -> str:
    """What is to be written behind a list of controls, so that an entry is one more of it.

    Raises:
        CatalogueError: It is written in a way that does not end with its last entry.
    """
    first = re.search(r"^( *)- ", before, re.M)
    added = textwrap.indent(entry, first[1]) if first else entry
    if before:
        added = ("\n" if before.endswith("\n") else "\n\n") + added
    try:
        fits = load_yaml(before + added) == [*(load_yaml(before) or []), *load_yaml(entry)]
    except yaml.YAMLError:
        fits = False
    if not fits:
        raise CatalogueError(
            f"{path} does not end with the last entry of a plain list, so nothing can be added to it.",
            "Write each entry as `- id: …`, one below the other; or name another role: --role NAME.",
        )
    return added


def _missing(path: Path) -> Iterator[Path]:
    """Make what a role with controls that are data has, and this one has not."""
    for name, text in _ROLE.items():
        if not _there(path / name):
            file = (path / name).with_suffix(".yml")
            file.parent.mkdir(parents=True, exist_ok=True)
            with file.open("x", encoding="utf-8") as new:
                new.write(text)
            yield file


def _there(stem: Path) -> Path | None:
    """The file that Ansible takes for this one; it knows several endings."""
    names = (stem.with_suffix(ending) for ending in (".yml", ".yaml", ""))
    return next((each for each in names if each.is_file()), None)
