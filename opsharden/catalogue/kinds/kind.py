"""A kind, and what is common to what kinds want."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

_TEMPLATE = r"^\{\{ [a-z][a-z0-9_]* \}\}$"
Template = Annotated[str, Field(pattern=_TEMPLATE)]
"""The value of an option of the role, by its name alone: both sides render it, and only one of them is Ansible."""


@dataclass(frozen=True)
class Kind:
    """What is known of a kind before any host is looked at.

    Attributes:
        shape: Of `want`.
        break_: From `want` to a shell script that breaks the control on a live host, as root, for its proof; empty
            where the data does not tell how, so that proofs.yml has to.
        blank: A line of `want` to be filled in, with a word on how. Until then it is of the right shape, and names what
            no host has, so that apply changes nothing and verify comes to no pass.
    """

    shape: TypeAdapter[Any]
    break_: Callable[[Any], str]
    blank: str


class Entry(BaseModel):
    """A part of what is wanted: nothing is taken for something else, and nothing is left over."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


def options_in(want: object) -> Iterator[str]:
    """The names of the options whose values are part of what is wanted."""
    if isinstance(want, Mapping | list):
        for each in want.values() if isinstance(want, Mapping) else want:
            yield from options_in(each)
    elif isinstance(want, str) and re.fullmatch(_TEMPLATE, want):
        yield want.strip("{} ")
