from __future__ import annotations

from typing import Any

import pytest

from opsharden.catalogue import load_catalogue
from opsharden.inventory.specs import NotMeant, Options

OPTIONS: dict[str, dict[str, Any]] = {
    "number": {"type": "int"},
    "ratio": {"type": "float"},
    "truth": {"type": "bool"},
    "text": {"type": "str"},
    "place": {"type": "path"},
    "mask": {"type": "str", "choices": ["027", "077"]},
    "names": {"type": "list", "elements": "str"},
    "numbers": {"type": "list", "elements": "int"},
    "places": {"type": "list", "elements": "path"},
    "map": {"type": "dict", "options": {"start": {"type": "int", "required": True}}},
    "maps": {"type": "list", "elements": "dict", "options": {"start": {"type": "int", "required": True}}},
    "maybe": {"type": "str", "default": None},
    "key": {"type": "int", "no_log": True},
    "plain": {},
}


@pytest.mark.parametrize(
    ("name", "value", "meant"),
    [
        ("number", "3", 3),
        ("number", 3, 3),
        ("ratio", "0.5", 0.5),
        ("truth", "yes", True),
        ("truth", "0", False),
        ("text", 3, "3"),
        ("place", "~/x/$HOME", "~/x/$HOME"),
        ("mask", "027", "027"),
        ("names", "ntp9.example.org", ["ntp9.example.org"]),
        ("names", "a, b", ["a", "b"]),
        ("names", "", []),
        ("names", ["a", 1], ["a", "1"]),
        ("numbers", "1,2", [1, 2]),
        ("places", ["~/x"], ["~/x"]),
        ("map", {"start": "5"}, {"start": 5}),
        ("map", '{"start": 5}', {"start": 5}),
        ("map", "start=5", {"start": 5}),
        ("maps", [{"start": "5"}], [{"start": 5}]),
        ("maybe", None, None),
        ("plain", "x", "x"),
    ],
)
def test_a_value_as_its_option_means_it(name: str, value: Any, meant: Any) -> None:
    found = Options(OPTIONS).typed(name, value)
    assert (found, type(found)) == (meant, type(meant))


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("number", "abc", 'is "abc"; it has to be a whole number'),
        ("number", True, "is true; it has to be a whole number"),
        ("number", "", 'is ""; it has to be a whole number'),
        ("number", None, "is empty; it has to be a whole number"),
        ("number", 1.5, "is 1.5; it has to be a whole number"),
        ("truth", "perhaps", 'is "perhaps"; it has to be true or false'),
        ("text", ["a"], "it has to be a text"),
        ("mask", 23, "is 23; it has to be one of 027, 077"),
        ("names", {"a": 1}, "it has to be a list"),
        ("names", True, "is true; it has to be a list"),
        ("names", [{"a": 1}], "it has to be a list"),
        ("names", [None], "it has to be a list"),
        ("numbers", ["x"], "it has to be a list, each of it a whole number"),
        ("map", "x", "it has to be a mapping of start"),
        ("map", {}, "missing required arguments: start"),
        ("map", {"start": 1, "end": 2}, "end"),
        ("map", 10, "is 10; it has to be a mapping of start"),
        ("map", [1], "it has to be a mapping of start"),
        ("maps", 3, "is 3; it has to be a list"),
        ("maps", [3], "is [3]; it has to be a list"),
        ("maps", ["x"], "it has to be a list"),
        ("maps", [None], "it has to be a list"),
        ("key", "hush", "is hidden; it has to be a whole number"),
    ],
)
def test_a_value_that_cannot_be_meant(name: str, value: Any, said: str) -> None:
    with pytest.raises(NotMeant, match=r"^is ") as caught:
        Options(OPTIONS).typed(name, value)
    assert said in str(caught.value)
    assert "hush" not in str(caught.value)


def test_what_is_handed_out_is_nobody_elses() -> None:
    options = Options(OPTIONS)
    options.typed("names", "a").append("b")
    options.typed("map", {"start": 1})["start"] = 2
    assert options.typed("names", "a") == ["a"]
    assert options.typed("map", {"start": 1}) == {"start": 1}


def test_a_secret_is_not_shown() -> None:
    with pytest.raises(NotMeant, match="is hidden"):
        Options(OPTIONS).typed("number", "hush", secret=True)


def test_the_defaults_of_our_roles_are_what_their_options_say() -> None:
    for role in load_catalogue().roles.values():
        assert role.options or role.as_data == {control.id for control in role.controls}
        assert not set(role.defaults) - set(role.options) - {f"{role.name}_controls"}, role.name
        options = Options(role.options)
        plain = {name: value for name, value in role.defaults.items() if name in options and "{" not in str(value)}
        assert options.meant(plain) == plain
