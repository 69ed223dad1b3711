from __future__ import annotations

import pytest

from opsharden.catalogue import unknown

THERE = ("ssh", "sudo", "Time")


@pytest.mark.parametrize(
    ("given", "advice"),
    [
        ("shh", "Did you mean ssh?"),
        ("SSH", "Did you mean ssh?"),
        ("time", "Did you mean Time?"),
        ("backup", "Roles are: Time, ssh, sudo."),
    ],
)
def test_the_nearest_is_named_or_all_are(given: str, advice: str) -> None:
    error = unknown("role", given, THERE)
    assert (error.message, error.advice) == (f"There is no role {given}.", advice)


def test_of_many_none_is_listed_where_there_is_other_advice() -> None:
    error = unknown("number", "9", THERE, of=" in cis", otherwise="Look it up.")
    assert (error.message, error.advice) == ("There is no number 9 in cis.", "Look it up.")
