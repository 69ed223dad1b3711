"""Why hosts could not be looked at, without what only one has: ten thousand with one cause are one thing to read."""

from __future__ import annotations

import re
from collections.abc import Sequence

# A word and no part of a longer one; an IPv6 address may be in brackets.
_BEGIN, _END = r"\[?(?<![\w.:-])", r"(?![\w-]|[.:]\w)"
_MARK = "\0"  # stands for what is taken out, so that no pattern has to be made for each of ten thousand hosts
_PLACE = re.compile(rf"{_BEGIN}{_MARK}\]?(?: port \d+|:\d+)\b")
_WORD = re.compile(rf"{_BEGIN}{_MARK}\]?{_END}")
_ALWAYS = ((re.compile(r"SHA256:[A-Za-z0-9+/]{20,}=?"), "another key"), (re.compile(r"0x[0-9a-f]{6,}"), "an object"))


def cause(reason: str, host: str, addresses: Sequence[str] = ()) -> str:
    """What is left of a reason when the host is taken out of it.

    Args:
        reason: Why this host could not be looked at.
        host: Its inventory name.
        addresses: Where it was looked for.

    Returns:
        The reason with "the host" for its name and "its address" for where it was looked for, port and all;
        empty where there was nothing to take out.
    """
    told = reason
    for place in dict.fromkeys((*addresses, host)):
        told = _without(told, place, _PLACE, "its address")
    for word, instead in (*((address, "its address") for address in addresses if address != host), (host, "the host")):
        told = _without(told, word, _WORD, instead)
    for pattern, instead in _ALWAYS:
        told = pattern.sub(instead, told)
    return "" if told == reason else f"{told[:1].upper()}{told[1:]}"


def _without(text: str, word: str, pattern: re.Pattern[str], instead: str) -> str:
    return pattern.sub(instead, text.replace(word, _MARK)).replace(_MARK, word) if word else text
