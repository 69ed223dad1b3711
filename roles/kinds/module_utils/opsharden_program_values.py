"""What values in the files of programs mean, and what they have to be: for the module `program_settings`."""

from __future__ import annotations

import re

_TRUE, _FALSE = ("1", "yes", "y", "true", "t", "on"), ("0", "no", "n", "false", "f", "off")
_SIZES = {unit: 1024**power for power, unit in enumerate(("B", "K", "M", "G", "T", "P", "E"))}
_SPANS = {
    **dict.fromkeys(("us", "usec", "µs", "μs"), 1e-6),
    **dict.fromkeys(("ms", "msec"), 1e-3),
    **dict.fromkeys(("", "s", "sec", "second", "seconds"), 1),
    **dict.fromkeys(("m", "min", "minute", "minutes"), 60),
    **dict.fromkeys(("h", "hr", "hour", "hours"), 3600),
    **dict.fromkeys(("d", "day", "days"), 86400),
    **dict.fromkeys(("w", "week", "weeks"), 604800),
    **dict.fromkeys(("M", "month", "months"), 2629800),
    **dict.fromkeys(("y", "year", "years"), 31557600),
}
_TERM = r"\s*(\d+(?:\.\d+)?)\s*({units})\s*"
ENDLESS = float("inf")


def meaning(kind, value):
    """What a value means to the program.

    Args:
        kind: Of its setting, as programs.yml has it.
        value: As it is written.

    Returns:
        Something to compare: a number for sizes (bytes), spans (seconds) and limits. None for what the program passes
        over, or gives up at.
    """
    return _MEANINGS[kind["type"]](str(value), kind)


def _size(text, _=None):
    return _sum(text, _SIZES, "B")


def _span(text, _):
    return ENDLESS if text == "infinity" else _sum(text, _SPANS, "")


def _number(text, _):
    return int(text) if re.fullmatch(r"\s*[+-]?[0-9]+", text) else None


def _limit(text, _):
    return ENDLESS if text in ("unlimited", "infinity", "-1") else int(text) if text.isdecimal() else None


def _truth(text, _=None):
    return "yes" if text.lower() in _TRUE else "no" if text.lower() in _FALSE else None


def _sum(text, units, plain):
    """The sum of numbers with units. Sizes go from the larger unit to the smaller."""
    term = _TERM.format(units="|".join(sorted(units, key=len, reverse=True)) + "|")
    if not re.fullmatch(f"({term})+", text):
        return None
    return sum(float(number) * units[unit or plain] for number, unit in re.findall(term, text))


_MEANINGS = {
    "word": lambda text, kind: text if text in kind["words"] else None,
    "truth": _truth,
    "truth_or_size": lambda text, _: _truth(text) or ("yes" if _size(text) is not None else None),
    "size": _size,
    "endless_size": lambda text, _: ENDLESS if text == "infinity" else _size(text),
    "span": _span,
    "number": _number,
    "limit": _limit,
    "flag": lambda *_: True,
    "text": lambda text, _: text,
}


class Setting:
    """What one setting has to be.

    Args:
        key: Its name.
        kind: As programs.yml has it.
        wanted: As a control has it.
    """

    def __init__(self, key, kind, wanted):
        self.key, self._kind, self.default = key, kind, kind.get("default")
        named = wanted.get("one_of", [wanted["exactly"]] if "exactly" in wanted else [])
        self._one_of = [meaning(kind, value) for value in named]
        self._least, self._most = wanted.get("at_least"), wanted.get("at_most")
        first = self._least if self._most is None else self._most
        self.value = named[0] if named else first

    def holds(self, value):
        """Whether a value is right; none is, where the program's own is not known."""
        found = None if value is None else meaning(self._kind, value)
        if found is None or self._one_of:
            return found in self._one_of if found is not None else False
        least, most = (None if each is None else meaning(self._kind, each) for each in (self._least, self._most))
        return (least is None or found >= least) and (most is None or found <= most)
