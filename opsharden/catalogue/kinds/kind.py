"""A kind, and what is common to what kinds want."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

Template = Annotated[str, Field(pattern=r"^\{\{ [a-z][a-z0-9_]* \}\}$")]
"""The value of an option of the role, by its name alone: both sides render it, and only one of them is Ansible."""


@dataclass(frozen=True)
class Kind:
    """What is known of a kind before any host is looked at.

    Attributes:
        shape: Of `want`.
        break_: From `want` to a shell script that breaks the control on a live host, as root, for its proof; empty
            where the data does not tell how, so that proofs.yml has to.
    """

    shape: TypeAdapter[Any]
    break_: Callable[[Any], str]


class Entry(BaseModel):
    """A part of what is wanted: nothing is taken for something else, and nothing is left over."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)
