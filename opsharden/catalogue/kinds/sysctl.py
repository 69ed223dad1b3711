"""The kind `sysctl`: settings of the kernel, now and at the next boot. See sysctl.d(5)."""

from __future__ import annotations

import itertools
import shlex
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field, TypeAdapter, model_validator

from opsharden.catalogue.kinds.kind import Entry, Kind

Value = int | Annotated[str, Field(pattern=r"^[^{}]*$")]


class Wanted(Entry):
    """What one value has to be. One way of saying it, or a lower and an upper bound.

    Attributes:
        exactly: This value.
        one_of: Any of these; the first is what is written where none is found.
        at_least: This number or a larger one.
        at_most: This number or a smaller one.
    """

    exactly: Value | None = None
    one_of: Annotated[list[Value], Field(min_length=1)] | None = None
    at_least: int | None = None
    at_most: int | None = None

    @model_validator(mode="after")
    def _says_one_thing(self) -> Wanted:
        bounded = self.at_least is not None or self.at_most is not None
        if sum((self.exactly is not None, self.one_of is not None, bounded)) != 1:
            raise ValueError("say `exactly`, `one_of`, or `at_least` and `at_most`")
        if self.at_least is not None and self.at_most is not None and self.at_least > self.at_most:
            raise ValueError("no number is at least that and at most this")
        return self


Key = Annotated[str, Field(pattern=r"^[a-z0-9_]+(\.(\*|[A-Za-z0-9_-]+))+$")]
"""A setting of the kernel, with dots; `*` stands for every interface."""


def _break(want: Mapping[str, Mapping[str, Any]]) -> str:
    """None of the settings will be right at the next boot; the running kernel stays."""
    lines = [f"{key} = {_wrong(Wanted(**wanted))}\n" for key, wanted in want.items()]
    return f"printf %s {shlex.quote(''.join(lines))} > /etc/sysctl.d/zzz-proof.conf"


def _wrong(wanted: Wanted) -> int:
    """A number that is not what it has to be."""
    if wanted.at_least is not None:
        return wanted.at_least - 1
    if wanted.at_most is not None:
        return wanted.at_most + 1
    right = {str(value) for value in (*(wanted.one_of or ()), wanted.exactly)}
    return next(number for number in itertools.count() if str(number) not in right)


KIND = Kind(
    TypeAdapter(Annotated[dict[Key, Wanted], Field(min_length=1)]),
    _break,
    "fill.in: {exactly: 1} # a setting as sysctl.d(5) has it, with dots; or one_of: [1, 2]; or at_least, at_most",
)
