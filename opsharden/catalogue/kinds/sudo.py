"""The kind `sudo`: options that sudo works with, for everyone and for some. See sudoers(5), SUDOERS OPTIONS."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter, model_validator

from opsharden.catalogue.kinds.kind import Entry, Kind, Template


class Wanted(Entry):
    """What one option has to be, said in one way.

    Attributes:
        exactly: A flag that is on.
        at_most: This number or less, and not negative.
        kept: A file that outlives a restart; this one is set where there is none.
    """

    exactly: Literal[True] | None = None
    at_most: int | Template | None = None
    kept: Annotated[str, Field(pattern=r"^/[^\s\"'{}]+$")] | Template | None = None

    @model_validator(mode="after")
    def _says_one_thing(self) -> Wanted:
        if sum(getattr(self, name) is not None for name in type(self).model_fields) != 1:
            raise ValueError("say one of `exactly`, `at_most`, `kept`")
        return self


Option = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]


def _break(want: Mapping[str, Mapping[str, Any]]) -> str:
    """A file behind ours says otherwise."""
    lines = [f"Defaults {_wrong(option, Wanted(**wanted))}" for option, wanted in want.items()]
    quoted = " ".join(f"'{line}'" for line in lines)
    return f"printf '%s\\n' {quoted} > /etc/sudoers.d/zzz-proof && chmod 440 /etc/sudoers.d/zzz-proof"


def _wrong(option: str, wanted: Wanted) -> str:
    return f"{option}=-1" if wanted.at_most is not None else f"!{option}"


KIND = Kind(
    TypeAdapter(Annotated[dict[Option, Wanted], Field(min_length=1)]),
    _break,
    "fill_in: {exactly: true} # an option as sudoers(5) has it; or at_most, or kept: a file",
)
