"""What an assertion compared: pytest tells, and we keep it as observed and expected.

pytest's rewritten assertions call two hooks of `_pytest.assertion.util`; during a normal pytest run they are set per
test. We call checks directly, in many threads, so ours are set once and write to the thread they are called in.
"""

from __future__ import annotations

import ast
import threading
import traceback
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from _pytest.assertion import util

from opsharden.model import Mismatch
from opsharden.probe.judging.telling import LONGEST, cut, plain, told

_MOST = 10 * LONGEST
_here = threading.local()
_parsing = threading.Lock()
"""Python counts the depth of the tree it makes of a source for all threads together, and two at once put each other out
(SystemError: "AST constructor recursion depth mismatch")."""


@dataclass
class Comparison:
    """What one check compared: in the assertion that failed, or in the last that held.

    Attributes:
        observed: What the host has, for people.
        expected: What it should have, for people.
        by_hand: What apply leaves to the administrator.
        by_apply: Whether apply brings about any of it.
        seen: Operator and sides of the comparison that was evaluated last, while nothing is known of its assertion.
    """

    observed: str = ""
    expected: str = ""
    by_hand: str = ""
    by_apply: bool = True
    seen: tuple[str, object, object] | None = None

    def held(self, source: str) -> None:
        """An assertion held."""
        self._tell(source, "so")

    def failed(self, error: AssertionError) -> str:
        """An assertion of the check failed. Returns the check's own words about it, if it has any."""
        written, words = _source(error), _words(error)
        if written is None or (self.seen is None and words):
            self.forget()
            return words
        self._tell(written, "not so")
        return words

    def forget(self) -> None:
        """It is not a comparison that the verdict stands on."""
        self.observed = self.expected = self.by_hand = ""
        self.by_apply = True

    def _tell(self, source: str, state: str) -> None:
        seen, self.seen = self.seen, None
        self.by_hand, self.by_apply = "", True
        if seen is None:
            self.observed, self.expected = state, cut(source)
        elif mismatches := _mismatches(seen[1]):
            self.observed, self.expected, self.by_hand = _told(mismatches)
            self.by_apply = not all(each.by_hand for each in mismatches)
        else:
            self.observed, self.expected = told(*seen, source)


def watch() -> Comparison:
    """Start to keep the comparisons of the check that this thread runs next."""
    _here.comparison = Comparison()
    return _here.comparison  # type: ignore[no-any-return]  # thread-locals carry no types


def compared(operator: str, left: object, right: object) -> str | None:
    """What pytest is to say of a comparison: an assertion has evaluated it, and this thread's check is told of it."""
    found = getattr(_here, "comparison", None)
    if found is None:
        return None
    found.seen = (operator, left, right)
    mismatches = _mismatches(left)
    return f"{len(mismatches)} mismatches: {mismatches[0].what}" if mismatches else None


def held(_line: int, original: str, _explanation: str) -> None:
    """An assertion of this thread's check held."""
    found = getattr(_here, "comparison", None)
    if found is not None:
        found.held(original)


def install() -> None:
    """Set the hooks; safe to call again (pytest puts back what it found after each of its own tests)."""
    util._reprcompare = compared
    util._assertion_pass = held


def _mismatches(left: object) -> list[Mismatch]:
    """What a check found amiss, where it says so in our words."""
    alike = isinstance(left, list) and all(isinstance(each, Mismatch) for each in left)
    return left if alike else []  # type: ignore[return-value]  # all of them are


def _told(mismatches: list[Mismatch]) -> tuple[str, str, str]:
    """A line for each: what is, what should be, and what is left to the administrator. Reports fold what is long."""
    observed = [f"{each.what}: {cut(each.found)}{f' ({each.where})' if each.where else ''}" for each in mismatches]
    expected = [f"{each.what}: {cut(each.wanted)}" for each in mismatches]
    by_hand = dict.fromkeys(each.by_hand for each in mismatches if each.by_hand)
    return cut("\n".join(observed), _MOST), cut("\n".join(dict.fromkeys(expected)), _MOST), "\n".join(by_hand)


def _words(error: AssertionError) -> str:
    """What the check itself says: pytest puts its own words behind it."""
    said, of_pytest, _ = f"\n{error}".partition("\nassert ")
    said = said.removeprefix("\n")
    return cut(plain(said.replace("%%", "%") if of_pytest else said))  # pytest writes it so, and does not take it back


def _source(error: AssertionError) -> str | None:
    """The failed assertion as it is written; None where it is none."""
    where = traceback.extract_tb(error.__traceback__)[-1]
    return _assertion(where.filename, where.lineno or 0)


@lru_cache(maxsize=4096)
def _assertion(path: str, line: int) -> str | None:
    try:
        text = Path(path).read_text(encoding="utf-8")
        with _parsing:
            tree = ast.parse(text)
    except (OSError, ValueError, SyntaxError):
        return None
    found = [each for each in ast.walk(tree) if isinstance(each, ast.Assert)]
    here = [each for each in found if each.lineno <= line <= (each.end_lineno or each.lineno)]
    return " ".join(ast.unparse(here[-1].test).split()) if here else None
