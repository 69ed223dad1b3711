"""What values in the files of programs mean, for checks: `1G` and `1024M` are one size, `on` and `yes` one answer.

See systemd.syntax(7), systemd.time(7), pwquality.conf(5), limits.conf(5).
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from opsharden.probe.reading.wanting import Rule

Meaning = str | float | bool

_ANSWERS = {"yes": "1 yes y true t on", "no": "0 no n false f off"}
_BYTES = "B K M G T P E"
_SECONDS = {
    1e-6: "us usec µs μs",
    1e-3: "ms msec",
    1: "s sec second seconds",
    60: "m min minute minutes",
    3_600: "h hr hour hours",
    86_400: "d day days",
    604_800: "w week weeks",
    2_629_800: "M month months",
    31_557_600: "y year years",
}
_UNIT = {name: seconds for seconds, names in _SECONDS.items() for name in names.split()}


def meaning(kind: Mapping[str, Any], written: object) -> Meaning | None:
    """What a value means to its program, as something to compare.

    Args:
        kind: Of its setting, as `roles/kinds/programs.yml` has it.
        written: The value.

    Returns:
        A number for sizes (bytes), times (seconds) and limits; None for what the program does not take.
    """
    return _BY_TYPE[kind["type"]](str(written), kind)


def _word(text: str, kind: Mapping[str, Any]) -> str | None:
    return next((word for word in kind["words"] if word == text), None)


def _answer(text: str, _: object = None) -> str | None:
    return next((said for said, words in _ANSWERS.items() if text.lower() in words.split()), None)


def _answer_or_size(text: str, _: object) -> str | None:
    return _answer(text) or ("yes" if _size(text) is not None else None)


def _size(text: str, _: object = None) -> float | None:
    return _added(
        text, lambda unit: 1024 ** _BYTES.split().index(unit or "B") if unit in ("", *_BYTES.split()) else None
    )


def _endless_size(text: str, _: object) -> float | None:
    return math.inf if text == "infinity" else _size(text)


def _span(text: str, _: object) -> float | None:
    return math.inf if text == "infinity" else _added(text, lambda unit: _UNIT.get(unit or "s"))


def _added(text: str, factor: Callable[[str], float | None]) -> float | None:
    """Numbers with units, one behind the other, put together."""
    terms = [*_terms(text)]
    factors = [factor(unit) for _, unit in terms]
    if not terms or None in factors:
        return None
    return math.fsum(number * (each or 0) for (number, _), each in zip(terms, factors, strict=True))


def _terms(text: str) -> Iterator[tuple[float, str]]:
    while text:
        found = re.match(r"\s*([0-9]+(?:\.[0-9]+)?)\s*([^\s0-9.]*)\s*", text)
        if not found:
            yield math.nan, "?"  # no unit is called so
            return
        yield float(found[1]), found[2]
        text = text[found.end() :]


def _number(text: str, _: object) -> int | None:
    digits = text.strip().removeprefix("-") if text.strip().startswith("-") else text.strip().removeprefix("+")
    return int(text) if digits.isascii() and digits.isdigit() else None


def _limit(text: str, _: object) -> float | None:
    if text in ("unlimited", "infinity", "-1"):
        return math.inf
    return int(text) if text.isascii() and text.isdigit() else None


_BY_TYPE: Mapping[str, Callable[[str, Mapping[str, Any]], Meaning | None]] = {
    "word": _word,
    "truth": _answer,
    "truth_or_size": _answer_or_size,
    "size": _size,
    "endless_size": _endless_size,
    "span": _span,
    "number": _number,
    "limit": _limit,
    "flag": lambda text, kind: True,
    "text": lambda text, kind: text,
}


def rule_of(kind: Mapping[str, Any], wanted: Mapping[str, Any]) -> Rule:
    """What a setting has to be, as a rule for its values as they are written; no value at all is right for none.

    Args:
        kind: Of the setting.
        wanted: As a control has it, with the values of the host.
    """
    named = wanted.get("one_of") or ([wanted["exactly"]] if "exactly" in wanted else [])
    right = [meaning(kind, value) for value in named]
    least, most = (wanted.get(name) for name in ("at_least", "at_most"))
    bounds = [None if bound is None else meaning(kind, bound) for bound in (least, most)]

    def holds(written: object) -> bool:
        found = None if written is None else meaning(kind, written)
        if found is None or right:
            return found is not None and found in right
        low, high = bounds
        return bool((low is None or found >= low) and (high is None or found <= high))  # type: ignore[operator]

    def stricter(one: object, than: object) -> bool:
        this, that = meaning(kind, one), meaning(kind, than)
        if this is None or that is None or right:
            return False
        return bool(this < that if bounds[1] is not None else this > that)  # type: ignore[operator]

    limits = [f"at least {least}"] * (least is not None) + [f"at most {most}"] * (most is not None)
    words = "set" if kind["type"] == "flag" else " or ".join(map(str, named)) or " and ".join(limits)
    return Rule(words, holds, stricter, _shown)


def _shown(written: object) -> str:
    return "not set" if written is None else str(written) or "nothing"
