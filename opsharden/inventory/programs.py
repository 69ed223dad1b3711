"""What inventory programs print, looked at before Ansible takes it: what Ansible leaves out there, it does not say.

For the shape see "Developing dynamic inventory" in Ansible's guide. The sentences have no quotes: what is in these, our
errors hide.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

_KINDS: tuple[tuple[type, str], ...] = ((dict, "a mapping"), (list, "a list"), (str, "a text"), (type(None), "nothing"))
_HOSTS = "a list of names, with their variables under _meta.hostvars"
_MOST = 5


class Misshapen(Exception):  # noqa: N818 - reads as a sentence where it is caught
    """What a program printed is no inventory; the text says where, and what it has to be."""


def losses(text: str) -> Iterator[str]:
    """What Ansible would leave out without a word.

    Args:
        text: What the program printed for `--list`.

    Raises:
        Misshapen: Ansible would not take it, and would say so less plainly.
    """
    twice: dict[str, None] = {}
    try:
        found = json.loads(text, object_pairs_hook=lambda pairs: _once(pairs, twice))
    except ValueError:
        return  # that Ansible does say
    _has_to_be(found, dict, "what it prints", "a mapping of groups")
    for key in twice:
        yield f"Found duplicate mapping key {key} in what a program prints: only the last one counts"
    for name, group in found.items():
        if name != "_meta":
            yield from _of_group(name, group)
    yield from _strangers(found)


def _once(pairs: Sequence[tuple[str, Any]], twice: dict[str, None]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice.update(dict.fromkeys(name for name in names if names.count(name) > 1))
    return found


def _of_group(name: str, group: Any) -> Iterator[str]:
    if not isinstance(group, dict):
        _names(group, f"the group {name}", "a mapping with hosts, children and vars, or a list of hosts")
        return
    _names(group.get("hosts", []), f"what the group {name} has as hosts", _HOSTS)
    _has_to_be(group.get("vars", {}), dict, f"what the group {name} has as vars", "a mapping")
    children = group.get("children", [])
    if not isinstance(children, dict):
        _names(children, f"what the group {name} has as children", "a list of names")
    elif any(children.values()):
        yield f"Skipping what is below the children of the group {name}: a program has to print a list of their names"
    for key, value in group.items():
        if key not in ("hosts", "vars", "children") and isinstance(value, list | dict):
            yield f"Skipping unexpected key ({key}) in group ({name}) of a program"


def _strangers(found: Mapping[str, Any]) -> Iterator[str]:
    """Hosts that have variables and are in no group: Ansible has no such hosts."""
    meta = found.get("_meta", {"hostvars": {}})
    _has_to_be(meta, dict, "_meta", "a mapping with hostvars")
    variables = meta.get("hostvars")
    _has_to_be(variables, dict, "_meta.hostvars", "a mapping of hosts")
    named: set[str] = set()
    for name, group in found.items():
        if isinstance(group, list):
            named.update(group)
        elif name != "_meta":  # a group of variables alone is a host by its own name to Ansible
            named.update(group.get("hosts", () if {"children", "vars"} & set(group) else (name,)))
    if strangers := [host for host in variables if host not in named]:
        more = f" and {len(strangers) - _MOST} more" if len(strangers) > _MOST else ""
        shown = ", ".join(strangers[:_MOST])
        yield f"A program has variables for hosts that none of its groups has, so they are no hosts: {shown}{more}"


def _names(value: Any, what: str, wanted: str) -> None:
    _has_to_be(value, list, what, wanted)
    if odd := [each for each in value if not isinstance(each, str)]:
        raise Misshapen(f"{_capital(what)} has {_kind(odd[0])} in it; a program has to print {wanted}")


def _has_to_be(value: Any, kind: type, what: str, wanted: str) -> None:
    if not isinstance(value, kind):
        raise Misshapen(f"{_capital(what)} is {_kind(value)}; a program has to print {wanted}")


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _kind(value: object) -> str:
    return next((word for kind, word in _KINDS if isinstance(value, kind)), "something else")
