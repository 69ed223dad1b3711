"""What an option's value has to be beyond its type: from where to where a number lies, of what shape a text is."""

from __future__ import annotations

import re
from typing import Any

from opsharden.model import Limit


def beyond(value: Any, limit: Limit, meant: str) -> str:
    """What a value has to be and is not.

    Args:
        value: As its option means it.
        limit: Of that option.
        meant: What the option takes, in words: "a whole number".

    Returns:
        "it has to be …", of a mapping "its start has to be …"; empty where the value is within the limit.
    """
    # A part that was not given is None.
    whole = {name: part for name, part in value.items() if part is not None} if limit.parts else {}
    for name, part in limit.parts.items():
        if name in whole and not (_within(whole[name], part) and whole[name] >= whole.get(part.not_below, whole[name])):
            return f"its {name} has to be {_wanted(part, 'a whole number')}"
    return "" if _within(value, limit) else f"it has to be {_wanted(limit, meant)}"


def _within(value: Any, limit: Limit) -> bool:
    if isinstance(value, int | float):
        low, high = limit.at_least, limit.at_most
        return (low is None or low <= value) and (high is None or value <= high)
    if limit.lists:
        value = list(value.values())
        if not all(isinstance(each, list) for each in value):
            return False
        value = [text for texts in value for text in texts]
    texts = value if isinstance(value, list) else [value]
    if limit.filled and not texts:
        return False
    return not limit.shape or all(re.fullmatch(limit.shape, str(text)) for text in texts)


def _wanted(limit: Limit, meant: str) -> str:
    text = limit.words or meant
    if limit.lists:
        text = f"a mapping of lists, each of these {limit.words}"
    elif limit.words and meant.startswith("a list"):
        text = f"a list, each of it {limit.words}"
    text += _ends(limit.at_least, limit.at_most)
    text += f", not below its {limit.not_below}" if limit.not_below else ""
    return f"{text}, with one at least" if limit.filled else text


def _ends(low: int | None, high: int | None) -> str:
    if low is None:
        return "" if high is None else f" of at most {high}"
    return f" of at least {low}" if high is None else f" from {low} to {high}"
