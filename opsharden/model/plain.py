"""Values of the model as JSON has them: mappings, lists, texts and numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Any

_AS_THEY_ARE = frozenset((str, int, float, bool, type(None)))
"""The types of nearly all values, so that these are told first."""


def plain(value: object) -> Any:
    """A value field by field, whatever fields it has: one that is added later is in it."""
    if type(value) in _AS_THEY_ARE:
        return value
    if is_dataclass(value):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {key: plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    return value.value if isinstance(value, Enum) else value
