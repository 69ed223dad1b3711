"""Some hosts of an inventory as an inventory of their own.

An Ansible run that is about one host need not read 20,000 of them, nor run the programs they come from once more.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from opsharden.inventory import ansible_api

# Other names Ansible may take for a range of hosts or for a host with a port.
_PLAIN = re.compile(r"[A-Za-z0-9_.-]+")
# Also a file of the user's, which Ansible renders as a template or Jinja takes in: nobody has looked into it.
_BEYOND = re.compile(
    r"""\b(groups|hostvars|inventory_hostnames|ansible_inventory_sources)\b"""
    r"""|['".]template['"]|\{%[-+]?\s*(include|import|from|extends)\b"""
)


def excerpt(variables: Mapping[str, Mapping[str, Any]], groups: Mapping[str, Sequence[str]]) -> dict[str, Any] | None:
    """Put hosts, with all their groups and variables, into an inventory that holds nothing else.

    Args:
        variables: Host to what the inventory gives it, raw, from all its sources, groups and folders of variables.
        groups: Host to its groups, those above them too.

    Returns:
        The inventory in the form of Ansible's YAML ones, as plain JSON. None where a run might find something else in
        it than in the whole: a value that JSON cannot hold, an unusual name, a template that looks at other hosts.
    """
    if not all(_PLAIN.fullmatch(host) for host in variables) or looks_beyond(list(variables.values())):
        return None
    try:
        hosts = {
            host: {name: ansible_api.written(value) for name, value in of.items()} for host, of in variables.items()
        }
    except ValueError:
        return None
    members: dict[str, dict[str, Any]] = {}
    for host, names in groups.items():
        for name in names:
            members.setdefault(name, {"hosts": {}})["hosts"][host] = {}
    # Hosts first: a variable is put on the group of that name where there is one already.
    return {"all": {"hosts": hosts, "children": members}}


def looks_beyond(value: object) -> bool:
    """Whether a template in this value may look at other hosts than the one it is rendered for."""
    texts = (leaf for leaf in leaves(value) if isinstance(leaf, str))
    return any(("{{" in text or "{%" in text) and _BEYOND.search(text) for text in texts)


def leaves(value: object) -> Iterator[object]:
    """Every value within a value that is no mapping and no list; the value itself where it is neither."""
    if isinstance(value, Mapping):
        value = list(value.values())
    if isinstance(value, list | tuple):
        for inner in value:
            yield from leaves(inner)
    else:
        yield value
