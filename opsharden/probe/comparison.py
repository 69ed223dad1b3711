"""What an assertion compared: pytest tells, and we keep it as observed and expected.

pytest's rewritten assertions call two hooks of `_pytest.assertion.util`; during a normal pytest run they are set per
test. We call checks directly, in many threads, so ours are set once and write to the thread they are called in.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass

from _pytest.assertion import util

from opsharden.model import Mismatch

_LONGEST = 2000
_here = threading.local()


@dataclass
class Comparison:
    """The last comparison of one check: the failing one, or the last that held."""

    observed: str = ""
    expected: str = ""
    by_hand: str = ""


def watch() -> Comparison:
    """Start to keep the comparisons of the check that this thread runs next."""
    _here.comparison = Comparison()
    return _here.comparison  # type: ignore[no-any-return]  # thread-locals carry no types


def brief(value: object) -> str:
    """A value for people: cut where it is long, and plain where it is text."""
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}… ({len(text)} characters)"


def _failed(operator: str, left: object, right: object) -> str | None:
    found = getattr(_here, "comparison", None)
    if found is None:
        return None
    if mismatches := _mismatches(left):
        found.observed, found.expected, found.by_hand = _told(mismatches)
        return f"{len(mismatches)} mismatches: {mismatches[0].what}"
    found.observed = brief(left)
    found.expected = brief(right) if operator == "==" else f"{operator} {brief(right)}"
    return None


def _mismatches(left: object) -> list[Mismatch]:
    """What a check found amiss, where it says so in our words."""
    alike = isinstance(left, list) and all(isinstance(each, Mismatch) for each in left)
    return left if alike else []  # type: ignore[return-value]  # all of them are


def _told(mismatches: list[Mismatch]) -> tuple[str, str, str]:
    """A line for each: what is, what should be, and what is left to the administrator."""
    observed = [f"{each.what}: {each.found}{f' ({each.where})' if each.where else ''}" for each in mismatches]
    expected = [f"{each.what}: {each.wanted}" for each in mismatches]
    by_hand = dict.fromkeys(each.by_hand for each in mismatches if each.by_hand)
    return brief("\n".join(observed)), brief("\n".join(dict.fromkeys(expected))), "\n".join(by_hand)


def _held(_line: int, original: str, explanation: str) -> None:
    found = getattr(_here, "comparison", None)
    if found is not None:
        found.observed = brief(explanation.splitlines()[0])
        found.expected = brief(original)


def install() -> None:
    """Set the hooks; safe to call again (pytest puts back what it found after each of its own tests)."""
    util._reprcompare = _failed
    util._assertion_pass = _held
