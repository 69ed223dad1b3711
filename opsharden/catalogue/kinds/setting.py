"""The kind `setting`: keys and values in the files of programs, which `roles/kinds/programs.yml` lists."""

from __future__ import annotations

import functools
import shlex
from collections.abc import Mapping
from typing import Annotated, Any

import yaml
from pydantic import Field, TypeAdapter, model_validator

from opsharden.catalogue.content import roles_path
from opsharden.catalogue.kinds.kind import Entry, Kind, Template

Value = int | Annotated[str, Field(pattern=r"^[^\s{}\"'#\\=]+$")] | Template
"""One word: what is written needs no quotes in any of the files."""

Unit = Annotated[str, Field(pattern=r"^[A-Za-z0-9@_.-]+\.(service|socket|timer)$")]


class Meant(Entry):
    """What one setting has to be. One way of saying it, or a lower and an upper bound.

    Attributes:
        exactly: This value, however it is spelled (`yes` and `on`, `1G` and `1024M`). True is a flag that is set.
        one_of: Any of these; the first is what is written where none is found.
        at_least: This number, size or time, or more.
        at_most: This number, size or time, or less.
    """

    exactly: bool | Value | None = None
    one_of: Annotated[list[Value], Field(min_length=1)] | None = None
    at_least: Value | None = None
    at_most: Value | None = None

    @model_validator(mode="after")
    def _says_one_thing(self) -> Meant:
        bounded = self.at_least is not None or self.at_most is not None
        if sum((self.exactly is not None, self.one_of is not None, bounded)) != 1:
            raise ValueError("say `exactly`, `one_of`, or `at_least` and `at_most`")
        if self.exactly is False:
            raise ValueError("a flag is set by its name alone, so no line can say that it is not")
        return self


class Wanted(Meant):
    """The same, and what differs between hosts.

    Attributes:
        beside: A unit to what the setting has to be instead where that unit is loaded.
    """

    beside: Annotated[dict[Unit, Meant], Field(min_length=1)] | None = None


Program = Annotated[str, Field(pattern=r"^[a-z][a-z0-9.-]*$")]
Key = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]*( [a-z]+)?$")]
"""A setting as the program's page has it; of limits.conf(5) type and item, for everyone."""


def _break(want: Mapping[str, Mapping[str, Any]]) -> str:
    """A drop-in behind ours says otherwise, or the file itself where that is read last."""
    known = _programs()
    for name, settings in want.items():
        for key, wanted in settings.items():
            wrong = _wrong(Wanted(**wanted))
            if wrong and name in known:
                return _script(known[name], key, wrong)
    return ""


def _script(program: Mapping[str, Any], key: str, value: str) -> str:
    line = {"systemd": f"[{program.get('section')}]\n{key}={value}", "limits": f"* {key} {value}"}
    text = line.get(program["syntax"], f"{key} {value}") + "\n"
    if program.get("main_last") or not program["folders"]:
        return f"printf %s {shlex.quote(text)} >> {program['main'][0]}"
    folder = program["folders"][0]
    return f"mkdir -p {folder}\nprintf %s {shlex.quote(text)} > {folder}/zzz-proof.conf"


def _wrong(wanted: Wanted) -> str:
    """A value that is not right; none where the data does not tell."""
    if isinstance(wanted.exactly, str):
        return {"no": "yes", "yes": "no"}.get(wanted.exactly, "")
    for value, step in ((wanted.exactly, 1), (wanted.at_most, 1), (wanted.at_least, -1)):
        if isinstance(value, int) and not isinstance(value, bool):
            return str(value + step)
    return ""


@functools.cache
def _programs() -> Mapping[str, Any]:
    text = (roles_path() / "kinds" / "programs.yml").read_text(encoding="utf-8")
    return {str(name): program for name, program in yaml.safe_load(text).items()}


KIND = Kind(
    TypeAdapter(
        Annotated[
            dict[Program, Annotated[dict[Key, Wanted], Field(min_length=1)]],
            Field(min_length=1),
        ]
    ),
    _break,
    "fill-in: {FillIn: {exactly: 'yes'}} # journald, coredump, pwquality, ...; or one_of: [a, b]; or at_least, at_most",
)
