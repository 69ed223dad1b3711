"""The kind `sshd`: settings that the SSH server works with, for everyone and for some. See sshd_config(5)."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field, TypeAdapter, model_validator

from opsharden.catalogue.kinds.kind import Entry, Kind, Template

Word = Annotated[str, Field(pattern=r"^[^\s{}'\"#]+$")]


class Startups(Entry):
    """The parts of MaxStartups. A higher rate refuses more, so it is the one part that may be larger."""

    start: int
    rate: int
    full: int


class Wanted(Entry):
    """What one setting has to be. One way of saying it; a number may have a lower bound beside the upper one.

    Attributes:
        exactly: This word, in whatever case.
        at_most: This number, or this many seconds, or less. For some settings 0 is no limit: `at_least: 1` refuses it.
        at_least: A level of LogLevel, or more; beside `at_most`, the smallest number.
        none_of: A list of algorithms without any that matches these patterns.
        says: A file that says something; this one is set where there is none.
        startups: These limits of MaxStartups, or stricter ones.
    """

    exactly: Word | None = None
    at_most: int | Template | None = None
    at_least: int | Word | Template | None = None
    none_of: Annotated[list[Word], Field(min_length=1)] | Template | None = None
    says: Annotated[str, Field(pattern=r"^/\S+$")] | Template | None = None
    startups: Startups | Template | None = None

    @model_validator(mode="after")
    def _says_one_thing(self) -> Wanted:
        ways = {name for name in type(self).model_fields if getattr(self, name) is not None}
        if len(ways - {"at_least"} or ways) != 1 or ("at_least" in ways and not ways <= {"at_least", "at_most"}):
            raise ValueError("say one of `exactly`, `at_most`, `at_least`, `none_of`, `says`, `startups`")
        return self


Keyword = Annotated[str, Field(pattern=r"^[A-Z][A-Za-z0-9]+$")]


def _break(want: Mapping[str, Mapping[str, Any]]) -> str:
    """A file that sshd reads before ours says otherwise."""
    lines = [f"{keyword} {value}\n" for keyword, wanted in want.items() if (value := _wrong(Wanted(**wanted)))]
    if len(lines) < len(want):
        return ""
    return f"printf %s {shlex.quote(''.join(lines))} > /etc/ssh/sshd_config.d/00-a-proof.conf"


def _wrong(wanted: Wanted) -> str:
    """A value that sshd takes and that is not right; none where the data does not tell."""
    if wanted.exactly is not None:
        return {"no": "yes", "yes": "no"}.get(wanted.exactly.lower(), "")
    if isinstance(wanted.at_most, int):
        return str(wanted.at_most + 1)
    return ""


KIND = Kind(
    TypeAdapter(Annotated[dict[Keyword, Wanted], Field(min_length=1)]),
    _break,
    "FillIn: {exactly: 'no'} # a setting as sshd_config(5) has it; or at_most, at_least, none_of, says, startups",
)
