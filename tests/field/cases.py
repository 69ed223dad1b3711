"""The cases of the roles, and what hosts answered in them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

from opsharden.catalogue import load_catalogue
from opsharden.catalogue.schema import CASES, CaseEntry, load_yaml, read
from opsharden.model import Finding, Observation

RECORDED = Path(__file__).parents[1] / "recorded"
"""What hosts answered: one file a role, written by `make record` and judged by the unit tests."""

HOST = "host"
"""What the host under check is called in a recording; others keep their names."""


@dataclass(frozen=True)
class Case:
    """One case of one control on one Debian release."""

    role: str
    control: str
    release: int
    entry: CaseEntry

    @property
    def name(self) -> str:
        return f"{self.control}: {self.entry.case} (Debian {self.release})"


def all_cases() -> list[Case]:
    """Every case of every role, on each release it is for."""
    catalogue = load_catalogue()
    return [
        Case(role.name, control, release, entry)
        for role in catalogue.roles.values()
        if (role.path / "cases.yml").exists()
        for control, entries in read(role.path / "cases.yml", CASES).items()
        for entry in entries
        for release in entry.releases
    ]


@dataclass(frozen=True)
class Recording:
    """What a host answered in one case, before or after the apply, and what came of it."""

    role: str
    name: str
    when: str
    control: str
    verdict: str
    says: tuple[str, ...]
    observations: tuple[Observation, ...]


def recordings() -> Iterator[Recording]:
    """Everything recorded."""
    for path in sorted(RECORDED.glob("*.yml")):
        data = load_yaml(path.read_text(encoding="utf-8"))
        answers = {key: _answer(value) for key, value in data["answers"].items()}
        for entry in data["recordings"]:
            observations = tuple(answers[key] for key in entry["answers"])
            name, when, control = entry["name"], entry["when"], entry["control"]
            yield Recording(path.stem, name, when, control, entry["verdict"], tuple(entry["says"]), observations)


def record(new: Iterable[Recording]) -> None:
    """Keep recordings in place of those of the same name; the others stay as they are."""
    fresh = {(each.name, each.when): each for each in new}
    wanted = {case.name for case in all_cases()}
    kept = {(each.name, each.when): each for each in recordings() if each.name in wanted}
    # Files of other roles are left alone: somebody may be recording those.
    by_role: dict[str, list[Recording]] = {each.role: [] for each in fresh.values()}
    for each in {**kept, **fresh}.values():
        if each.role in by_role:
            by_role[each.role].append(each)
    RECORDED.mkdir(exist_ok=True)
    for role, entries in by_role.items():
        text = yaml.dump(_file(entries), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120)
        head = "# What hosts answered in the cases of this role. Written by `make record`; not to be edited.\n"
        (RECORDED / f"{role}.yml").write_text(head + text, encoding="utf-8")


def words(finding: Finding) -> str:
    """All that a finding says."""
    return "\n".join((finding.observed, finding.expected, finding.reason, finding.by_hand))


def _file(entries: list[Recording]) -> dict[str, Any]:
    answers: dict[str, dict[str, Any]] = {}
    found = []
    for each in sorted(entries, key=lambda one: (one.name, one.when != "before")):
        keys = []
        for seen in each.observations:
            keys.append(seen.digest[:16])
            answers[seen.digest[:16]] = _plain(seen)
        found.append(
            {
                "name": each.name,
                "when": each.when,
                "control": each.control,
                "verdict": each.verdict,
                "says": list(each.says),
                "answers": keys,
            }
        )
    return {"recordings": found, "answers": dict(sorted(answers.items()))}


def _plain(seen: Observation) -> dict[str, Any]:
    texts = {"command": seen.command, "rc": seen.rc}
    if seen.host != HOST:
        texts["peer"] = seen.host
    for name, raw in (("stdout", seen.stdout), ("stderr", seen.stderr)):
        if raw:
            texts[name] = raw.decode("utf-8", "surrogateescape")
    return texts


def _answer(plain: Mapping[str, Any]) -> Observation:
    stdout, stderr = (plain.get(name, "").encode("utf-8", "surrogateescape") for name in ("stdout", "stderr"))
    when = datetime(2000, 1, 1, tzinfo=UTC)
    return Observation(plain.get("peer", HOST), plain["command"], plain["rc"], stdout, stderr, when, 0.0)


class _Dumper(yaml.SafeDumper):
    """Texts of several lines as blocks, so that they can be read and compared."""


def _text(dumper: _Dumper, text: str) -> yaml.Node:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text.strip() else None)


_Dumper.add_representer(str, _text)
