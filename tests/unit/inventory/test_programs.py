from __future__ import annotations

import pytest

from opsharden.inventory.programs import Misshapen, losses


@pytest.mark.parametrize(
    ("printed", "said"),
    [
        (
            '{"g": {"hosts": {"a": null, "b": {"x": 1}}}}',
            "What the group g has as hosts is a mapping; a program has to print a list of names, "
            "with their variables under _meta.hostvars",
        ),
        ('{"g": {"hosts": "a"}}', "What the group g has as hosts is a text; "),
        ('{"g": {"hosts": null}}', "What the group g has as hosts is nothing; "),
        ('{"g": {"hosts": [{"name": "a"}]}}', "What the group g has as hosts has a mapping in it; "),
        ('{"g": {"hosts": [1]}}', "What the group g has as hosts has something else in it; "),
        ('{"g": {"children": "db"}}', "What the group g has as children is a text; "),
        ('{"g": {"vars": ["x"]}}', "What the group g has as vars is a list; "),
        ('{"g": "a"}', "The group g is a text; "),
        ('["a"]', "What it prints is a list; a program has to print a mapping of groups"),
        ('{"_meta": []}', "_meta is a list; "),
        ('{"_meta": {}}', "_meta.hostvars is nothing; "),
        ('{"_meta": {"hostvars": ["a"]}}', "_meta.hostvars is a list; "),
    ],
)
def test_what_is_no_inventory_is_said_with_what_it_has_to_be(printed: str, said: str) -> None:
    with pytest.raises(Misshapen) as caught:
        list(losses(printed))
    assert str(caught.value).startswith(said)


@pytest.mark.parametrize(
    ("printed", "said"),
    [
        ('{"g": {"children": {"x": {"hosts": ["a"]}}}}', ["Skipping what is below the children of the group g"]),
        ('{"g": {"host": ["a"]}}', ["Skipping unexpected key (host) in group (g)"]),
        ('{"g": ["a"], "g": ["b"]}', ["Found duplicate mapping key g in what a program prints"]),
        (
            '{"g": ["a"], "h": {"hosts": ["b"]}, "_meta": {"hostvars": {"a": {}, "b": {}, "c": {}}}}',
            ["A program has variables for hosts that none of its groups has, so they are no hosts: c"],
        ),
        ('{"_meta": {"hostvars": {"1": 0, "2": 0, "3": 0, "4": 0, "5": 0, "6": 0}}}', ["A program has variables for"]),
    ],
)
def test_what_ansible_would_leave_out_is_told(printed: str, said: list[str]) -> None:
    found = list(losses(printed))
    assert len(found) == len(said)
    for text, words in zip(found, said, strict=True):
        assert text.startswith(words)


@pytest.mark.parametrize(
    "printed",
    [
        "{}",
        '{"g": ["a"], "_meta": {"hostvars": {"a": {"x": {"y": 1}}}}}',
        '{"g": {"hosts": ["a"], "vars": {"x": []}, "children": ["h"]}, "h": {}}',
        '{"g": {"children": {"h": {}, "i": null}}}',
        '{"lone": {"ansible_host": "192.0.2.1"}, "_meta": {"hostvars": {"lone": {}}}}',
        '{"all": {"children": ["ungrouped"]}, "_meta": {"hostvars": {}, "profile": "inventory_legacy"}}',
        "no JSON, which Ansible says itself",
    ],
)
def test_an_inventory_as_it_should_be_is_told_nothing_of(printed: str) -> None:
    assert list(losses(printed)) == []


def test_many_hosts_that_are_none_are_counted() -> None:
    (text,) = losses('{"_meta": {"hostvars": {"a": 0, "b": 0, "c": 0, "d": 0, "e": 0, "f": 0, "g": 0}}}')
    assert text.endswith(": a, b, c, d, e and 2 more")
