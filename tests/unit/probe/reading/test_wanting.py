from __future__ import annotations

import pytest

from opsharden.probe.reading.wanting import meant

VALUES = {"most": 4, "refused": ["*cbc*"]}


def test_options_are_replaced_wherever_they_stand_and_keep_their_type() -> None:
    want = {"A": {"at_most": "{{ most }}", "at_least": 1}, "B": {"none_of": "{{ refused }}"}, "C": ["{{ most }}", "x"]}
    assert meant(want, VALUES) == {
        "A": {"at_most": 4, "at_least": 1},
        "B": {"none_of": ["*cbc*"]},
        "C": [4, "x"],
    }


@pytest.mark.parametrize("text", ["{{most}}", "a {{ most }}", "{{ most + 1 }}", "{% most %}", ""])
def test_nothing_else_is_rendered(text: str) -> None:
    assert meant(text, VALUES) == text


def test_an_option_that_is_not_there_is_an_error() -> None:
    with pytest.raises(KeyError):
        meant("{{ other }}", VALUES)
