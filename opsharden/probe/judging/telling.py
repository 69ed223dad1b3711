"""What was compared, in lines that people read: no Python, no addresses, and never more than a page.

A difference is told by what differs. Where two values would read the same and are not, it is said what they are.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Set
from difflib import SequenceMatcher
from itertools import islice

LONGEST = 2000
_MOST = 100
_DEEPEST = 4
_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")
_KINDS = {str: "text", bytes: "bytes", bool: "yes or no", int: "a number", float: "a number with a point"}
_COMPARED = {"<": "less than", "<=": "at most", ">": "more than", ">=": "at least", "!=": "anything but"}
_ABSENT = "not there"

Told = tuple[str, str]
"""What is, and what should be."""


def told(operator: str, left: object, right: object, source: str = "") -> Told:
    """A comparison in two texts: what the host has, and what it should have.

    Args:
        operator: As in Python: `==`, `in`.
        left: What stands on its left.
        right: What stands on its right.
        source: The assertion as it is written: modes stand in it as `0o644`, and their values do not tell.
    """
    if "0o" in source:
        left, right = _octal(left), _octal(right)
    if operator in ("==", "is"):
        observed, expected = _pair(left, right)
    elif operator in ("in", "not in"):
        observed, expected = _among(left, right, wanted=operator == "in")
    elif operator == "is not":
        observed, expected = lines(left), f"anything but {inline(right)}"
    else:
        observed, expected = lines(left), f"{_COMPARED.get(operator, operator)} {lines(right)}"
    return cut(observed), cut(expected)


def lines(value: object) -> str:
    """A value by itself: text as it is, a line for each of several."""
    if isinstance(value, str | bytes):
        return _text(value) or "empty"
    if isinstance(value, Mapping):
        return _listed(_entry(inline(key), lines(each)) for key, each in islice(value.items(), _MOST + 1)) or "none"
    if isinstance(value, list | tuple | Set):
        return _listed(map(inline, _in_order(value))) or "none"
    return inline(value)


def inline(value: object, deep: int = 0) -> str:
    """A value in the middle of a line."""
    if isinstance(value, str | bytes):
        return _text(value) or "empty"
    if value is None or isinstance(value, bool):
        return {None: "nothing", True: "yes", False: "no"}[value]
    if isinstance(value, Mapping) and deep < _DEEPEST:
        pairs = islice(value.items(), _MOST)
        return ", ".join(f"{inline(key, deep + 1)}: {inline(each, deep + 1)}" for key, each in pairs) or "none"
    if isinstance(value, list | tuple | Set) and deep < _DEEPEST:
        return ", ".join(inline(each, deep + 1) for each in islice(_in_order(value), _MOST)) or "none"
    return plain(_represented(value, str if _says_itself(value) else repr))


def cut(text: str, longest: int = LONGEST) -> str:
    """A text that is not too long, at the end of a line where it can be."""
    if len(text) <= longest:
        return text
    kept = text[:longest]
    if "\n" in kept:
        kept = kept.rpartition("\n")[0]
    left = text[len(kept) :]
    more = left.count("\n")
    return f"{kept}\n… and {more} more lines" if more else f"{kept}… ({len(text)} characters)"


def plain(text: str) -> str:
    """A text without the addresses that Python shows: they are others in every run."""
    return _ADDRESS.sub("", text)


def _pair(left: object, right: object) -> Told:
    found = _difference(left, right)
    return found if found[0] != found[1] or _equal(left, right) else _kinds(left, right)


def _difference(left: object, right: object) -> Told:
    if isinstance(left, Mapping) and isinstance(right, Mapping):
        return _mappings(left, right)
    if isinstance(left, list | tuple | Set) and isinstance(right, list | tuple | Set):
        return _collections(left, right)
    if isinstance(left, str) and isinstance(right, str) and "\n" in left and "\n" in right:
        return _texts(left, right)
    return lines(left), lines(right)


def _kinds(left: object, right: object) -> Told:
    """Two values that read the same and are not."""
    kinds = [_KINDS.get(type(value), type(value).__name__) for value in (left, right)]
    if kinds[0] == kinds[1]:
        return plain(_represented(left)), plain(_represented(right))
    return f"{lines(left)} ({kinds[0]})", f"{lines(right)} ({kinds[1]})"


def _mappings(left: Mapping[object, object], right: Mapping[object, object]) -> Told:
    if _equal(left, right):
        return lines(left), lines(right)
    keys = [
        key for key in {**left, **right} if key not in left or key not in right or not _equal(left[key], right[key])
    ]
    if not right:
        return lines(left), "none"
    is_, should = [], []
    for key in keys[:_MOST]:
        here, there = left.get(key, _ABSENT), right.get(key, _ABSENT)
        observed, expected = _pair(here, there) if key in left and key in right else (lines(here), lines(there))
        is_.append(_entry(inline(key), observed))
        should.append(_entry(inline(key), expected))
    return "\n".join(is_), "\n".join(should)


def _collections(left: Iterable[object], right: Iterable[object]) -> Told:
    have, want = [inline(each) for each in _in_order(left)], [inline(each) for each in _in_order(right)]
    unexpected, missing = Counter(have) - Counter(want), Counter(want) - Counter(have)
    if not want or not (unexpected or missing):
        return _listed(have) or "none", _listed(want) or "none"  # all of it is too much, or the order counts
    differ = [f"unexpected: {each}" for each in unexpected.elements()]
    differ += [f"missing: {each}" for each in missing.elements()]
    return _listed(differ), _listed(want)


def _texts(left: str, right: str) -> Told:
    """Two texts of several lines, by the lines that differ."""
    have, want = left.split("\n"), right.split("\n")
    if have == want or max(len(have), len(want)) > 2 * _MOST:
        return _text(left), _text(right)
    observed, expected = [], []
    for kind, begin, end, start, stop in SequenceMatcher(None, have, want, autojunk=False).get_opcodes():
        if kind == "equal":
            continue
        observed += [f"line {number + 1}: {have[number]}" for number in range(begin, end)]
        expected += [f"line {number + 1}: {want[number]}" for number in range(start, stop)]
    return "\n".join(observed) or "nothing else", "\n".join(expected) or "nothing else"


def _among(left: object, right: object, *, wanted: bool) -> Told:
    thing, rest = inline(left), lines(right)
    state = "is not in" if wanted else "is in"
    expected = f"{thing} in it" if wanted else f"{thing} not in it"
    return f"{thing} {state}:\n{rest}" if "\n" in rest else f"{thing} {state}: {rest}", expected


def _entry(key: str, value: str) -> str:
    return f"{key}: {value}" if "\n" not in value else f"{key}:\n  " + value.replace("\n", "\n  ")


def _listed(entries: Iterable[str]) -> str:
    found = list(islice(entries, _MOST + 1))
    return "\n".join(found[:_MOST] + ["… and more"] * (len(found) > _MOST))


def _in_order(values: Iterable[object]) -> list[object]:
    """As they are, or sorted where they have no order of their own: equal hosts are told equally."""
    return sorted(values, key=inline) if isinstance(values, Set) else list(values)


def _text(value: str | bytes) -> str:
    start = value[: 10 * LONGEST]
    text = start if isinstance(start, str) else start.decode("utf-8", "backslashreplace")
    return text if len(start) == len(value) else f"{text}… ({len(value)} characters)"


def _octal(value: object) -> object:
    if type(value) is int:
        return f"{value:04o}"
    return list(map(_octal, value)) if isinstance(value, list | tuple) else value


def _equal(left: object, right: object) -> bool:
    try:
        return bool(left == right)
    except Exception:  # of a class of somebody else's
        return left is right


def _says_itself(value: object) -> bool:
    """Whether a class has words of its own for its values, as numbers, paths, versions and times have."""
    return isinstance(value, int | float) or (
        type(value).__str__ is not object.__str__ and not isinstance(value, BaseException)
    )


def _represented(value: object, how: Callable[[object], str] = repr) -> str:
    try:
        return how(value)[: 10 * LONGEST]
    except Exception:  # of a class of somebody else's
        return f"<{type(value).__name__}>"
