from __future__ import annotations

from typing import Any

import pytest

from opsharden.inventory.specs import NotMeant, Options
from opsharden.model import Limit

OPTIONS: dict[str, dict[str, Any]] = {
    "port": {"type": "int", "limit": Limit(at_least=1, at_most=65535)},
    "few": {"type": "int", "limit": Limit(at_most=3)},
    "many": {"type": "int", "limit": Limit(at_least=3)},
    "ratio": {"type": "float", "limit": Limit(at_least=0, at_most=1)},
    "name": {"type": "str", "limit": Limit(shape="[a-z]+", words="a name")},
    "names": {"type": "list", "elements": "str", "limit": Limit(filled=True, shape="[a-z]+", words="a name")},
    "some": {"type": "list", "elements": "str", "limit": Limit(filled=True)},
    "sets": {"type": "dict", "limit": Limit(lists=True, shape="[a-z]+", words="a name")},
    "maybe": {"type": "str", "default": None, "limit": Limit(shape="[a-z]+", words="a name")},
    "key": {"type": "str", "no_log": True, "limit": Limit(shape="[a-z]*", words="one word")},
    "span": {
        "type": "dict",
        "options": {"first": {"type": "int"}, "last": {"type": "int"}},
        "limit": Limit(parts={"first": Limit(at_least=1), "last": Limit(at_most=9, not_below="first")}),
    },
}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("port", 1),
        ("port", "65535"),
        ("few", -7),
        ("many", 3),
        ("ratio", 0.5),
        ("name", "a"),
        ("names", "a, b"),
        ("sets", {"x": ["a"], "y": []}),
        ("maybe", None),
        ("span", {"first": 2, "last": 2}),
        ("span", {"last": 2}),
        ("span", {"first": 1}),
    ],
)
def test_a_value_within_its_limit(name: str, value: Any) -> None:
    options = Options(OPTIONS)
    assert options.held(name, value) == options.typed(name, value)


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("port", 0, "is 0; it has to be a whole number from 1 to 65535"),
        ("port", "70000", 'is "70000"; it has to be a whole number from 1 to 65535'),
        ("port", -1, "is -1; it has to be a whole number from 1 to 65535"),
        ("port", "x", 'is "x"; it has to be a whole number'),
        ("few", 4, "is 4; it has to be a whole number of at most 3"),
        ("many", 2, "is 2; it has to be a whole number of at least 3"),
        ("ratio", 1.5, "is 1.5; it has to be a number from 0 to 1"),
        ("name", "a b", 'is "a b"; it has to be a name'),
        ("name", "a\n", 'is "a\\n"; it has to be a name'),
        ("names", [], "is []; it has to be a list, each of it a name, with one at least"),
        ("names", "", 'is ""; it has to be a list, each of it a name, with one at least'),
        ("names", ["a", "B"], 'is ["a", "B"]; it has to be a list, each of it a name, with one at least'),
        ("some", [], "is []; it has to be a list, with one at least"),
        ("sets", {"x": "abc"}, 'is {"x": "abc"}; it has to be a mapping of lists, each of these a name'),
        ("sets", {"x": ["A"]}, 'is {"x": ["A"]}; it has to be a mapping of lists, each of these a name'),
        ("maybe", "", 'is ""; it has to be a name'),
        ("key", "hush hush", "is hidden; it has to be one word"),
        ("span", {"first": 0}, 'is {"first": 0}; its first has to be a whole number of at least 1'),
        (
            "span",
            {"first": 3, "last": 2},
            'is {"first": 3, "last": 2}; its last has to be a whole number of at most 9, not below its first',
        ),
    ],
)
def test_a_value_beyond_its_limit(name: str, value: Any, said: str) -> None:
    with pytest.raises(NotMeant) as caught:
        Options(OPTIONS).held(name, value)
    assert str(caught.value) == said


def test_what_a_role_makes_up_itself_is_held_to_its_type_only() -> None:
    """A default may be empty where the role does nothing without it."""
    assert Options(OPTIONS).typed("name", "") == ""
