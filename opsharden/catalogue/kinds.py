"""The kinds of controls that are data: what a control of each kind may want.

A kind is a line here, a module in `roles/kinds/library/` that brings it about, and a folder of checks in
`roles/kinds/checks/`. The two share the data and no code, so that a slip in one shows in the other.
"""

from __future__ import annotations

import itertools
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

Value = int | Annotated[str, Field(pattern=r"^[^{}]*$")]
"""A value as it is written; a template would be one for Ansible alone."""


class Wanted(BaseModel):
    """What one value has to be. One way of saying it, or a lower and an upper bound.

    Attributes:
        exactly: This value.
        one_of: Any of these; the first is what is written where none is found.
        at_least: This number or a larger one.
        at_most: This number or a smaller one.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

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


SysctlKey = Annotated[str, Field(pattern=r"^[a-z0-9_]+(\.(\*|[A-Za-z0-9_-]+))+$")]
"""A setting of the kernel as sysctl.d(5) has it, with dots; `*` stands for every interface."""


def break_sysctl(want: Mapping[str, Mapping[str, Any]]) -> str:
    """A shell script after which none of the settings will be right at the next boot; the running kernel stays."""
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


@dataclass(frozen=True)
class Kind:
    """What is known of a kind before any host is looked at.

    Attributes:
        shape: Of `want`.
        break_: From `want` to a shell script that breaks the control on a live host, as root, for its proof.
    """

    shape: TypeAdapter[Any]
    break_: Callable[[Any], str]


KINDS: dict[str, Kind] = {
    "sysctl": Kind(TypeAdapter(Annotated[dict[SysctlKey, Wanted], Field(min_length=1)]), break_sysctl),
}


def check_want(kind: str, want: object) -> None:
    """Hold what a control wants to the shape of its kind.

    Raises:
        ValueError: There is no such kind, or it wants something else; in words.
    """
    if kind not in KINDS:
        raise ValueError(f"there is no kind {kind}; kinds are {', '.join(KINDS)}")
    try:
        KINDS[kind].shape.validate_python(want)
    except ValidationError as error:
        problem = error.errors()[0]
        place = ".".join(str(part) for part in problem["loc"])
        raise ValueError(f"want{f' of {place}' if place else ''}: {problem['msg']}") from None
