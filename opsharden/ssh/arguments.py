"""Ansible's ssh arguments taken apart, as ssh(1) itself would."""

from __future__ import annotations

import getopt
import re
import shlex
from collections.abc import Iterable
from typing import Any

from opsharden.errors import Unreachable
from opsharden.model import Host

Flag = tuple[str, str]
"""A flag and its value, which is empty where the flag takes none: `("-o", "Port=2222")`, `("-4", "")`."""

_FLAGS = "1246ab:c:e:fgi:kl:m:no:p:qstvxAB:CD:E:F:GI:J:KL:MNO:P:Q:R:S:TVw:W:XYy"
_NO_LOGIN = {f"-{letter}" for letter in "fGNOQsVW"}
_IDLE = {f"-{letter}" for letter in "aADeEgLMnqRStTvwxXyY"}
_NAMES = {"-J": "proxyjump", "-i": "identityfile", "-p": "port", "-l": "user", "-F": "configfile"}


def flags(host: Host) -> tuple[Flag, ...]:
    """The arguments that say where and how to log in.

    Left out are those on what to do then: terminals, forwardings, logs, connections shared with others.

    Raises:
        Unreachable: ssh would not understand them either, or they are for something else than a login.
    """
    try:
        found, words = getopt.getopt(shlex.split(host.ssh_args), _FLAGS)
    except (ValueError, getopt.GetoptError) as error:
        raise unreadable(host, error) from None
    # Where ssh finds a word it takes it for the host: the login would be somewhere else.
    bad = [*words, *(flag for flag, _ in found if flag in _NO_LOGIN)]
    if bad:
        raise unreadable(host, f"{bad[0]} is not about how to log in")
    return tuple((flag, value) for flag, value in found if flag not in _IDLE)


def options(given: Iterable[Flag]) -> dict[str, Any]:
    """What the flags say, by the lower-case names of ssh_config(5). As there, the first to set an option wins.

    `-F` is `configfile`; `identityfile` is a list; flags that ssh_config has no word for here keep their dash.

    Raises:
        ValueError: An `-o` without a value.
    """
    found: dict[str, Any] = {}
    for flag, given_value in given:
        name, value = _NAMES.get(flag, flag), given_value
        if flag == "-o":
            option = re.fullmatch(r"\s*(\w+)(?:\s*=\s*|\s+)(.*)", given_value)
            if option is None:
                raise ValueError(f"-o {given_value} is no option with a value")
            name, value = option[1].lower(), option[2].strip()
        if name == "identityfile":
            found.setdefault(name, []).append(value)
        else:
            found.setdefault(name, value)
    return found


def unreadable(host: Host, why: object) -> Unreachable:
    """Say that the arguments or the ssh_config cannot be worked with."""
    return Unreachable(
        f"The ssh arguments or the ssh_config of {host.name} cannot be read: {why}.",
        "See ansible_ssh_common_args, ansible_ssh_extra_args and ~/.ssh/config.",
    )
