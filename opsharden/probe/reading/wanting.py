"""For checks of controls that are data: what a control wants, with the values of the host, and how it is judged."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

_TEMPLATE = re.compile(r"\{\{ ([a-z][a-z0-9_]*) \}\}")


def meant(want: Any, values: Mapping[str, Any]) -> Any:
    """The same with the values of options in place of their names.

    Args:
        want: As a control's entry has it.
        values: Of the host under check.
    """
    if isinstance(want, Mapping):
        return {key: meant(each, values) for key, each in want.items()}
    if isinstance(want, list):
        return [meant(each, values) for each in want]
    named = _TEMPLATE.fullmatch(want) if isinstance(want, str) else None
    return values[named[1]] if named else want


@dataclass(frozen=True)
class Rule:
    """What a setting has to be.

    Attributes:
        wanted: In words.
        holds: Whether a value is right.
        stricter: Whether one value that holds is stricter than another.
        shown: A value in words.
    """

    wanted: str
    holds: Callable[[Any], bool]
    stricter: Callable[[Any, Any], bool] = lambda value, than: False
    shown: Callable[[Any], str] = str
