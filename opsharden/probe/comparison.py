"""What an assertion compared: pytest tells, and we keep it as observed and expected.

pytest's rewritten assertions call two hooks of `_pytest.assertion.util`; during a normal pytest run they are set per
test. We call checks directly, in many threads, so ours are set once and write to the thread they are called in.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass

from _pytest.assertion import util

_LONGEST = 2000
_here = threading.local()


@dataclass
class Comparison:
    """The last comparison of one check: the failing one, or the last that held."""

    observed: str = ""
    expected: str = ""


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
    if found is not None:
        found.observed = brief(left)
        found.expected = brief(right) if operator == "==" else f"{operator} {brief(right)}"
    return None


def _held(_line: int, original: str, explanation: str) -> None:
    found = getattr(_here, "comparison", None)
    if found is not None:
        found.observed = brief(explanation.splitlines()[0])
        found.expected = brief(original)


def install() -> None:
    """Set the hooks; safe to call again (pytest puts back what it found after each of its own tests)."""
    util._reprcompare = _failed
    util._assertion_pass = _held
