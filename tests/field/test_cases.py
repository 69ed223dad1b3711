"""Every case of every role, on a live host: what verify says, what apply makes of it, and that it does no harm."""

from __future__ import annotations

import pytest

from tests.field.cases import Case, all_cases, words
from tests.field.conftest import Outcome, Unplayed, told


@pytest.mark.parametrize("case", all_cases(), ids=lambda case: case.name)
def test_case(case: Case, outcomes: dict[str, Outcome | Unplayed]) -> None:
    outcome, entry = outcomes[case.name], case.entry
    if isinstance(outcome, Unplayed):
        pytest.fail(outcome)
    assert outcome.before.verdict == entry.verdict, told(outcome.before)
    assert [text for text in entry.says if text not in words(outcome.before)] == [], told(outcome.before)
    assert outcome.after.verdict == entry.afterwards, told(outcome.after)
    assert [text for text in entry.then_says if text not in words(outcome.after)] == [], told(outcome.after)
    assert outcome.harm == "", "the apply did harm, or more than asked"
    # What is refused once is refused again, and changes nothing.
    again = [each for each in outcome.again if entry.afterwards == "pass" or each.get("status") != "failed"]
    assert again == [], "a second apply changed something"
