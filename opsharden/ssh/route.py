"""How ssh would get to a host: Ansible's arguments and ssh_config, as far as paramiko can follow."""

from __future__ import annotations

import getpass
import re
import shlex
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import paramiko

from opsharden.errors import Unreachable
from opsharden.model import Host
from opsharden.ssh.hostkeys import place

_CONFIG = Path("~/.ssh/config")


@dataclass(frozen=True)
class Route:
    """One host on the way, and how to log in there.

    Attributes:
        address: What to connect to.
        port: TCP port.
        user: Login name.
        keys: Private keys to offer, in order.
        known_hosts: Files named by the arguments, looked up before the project's.
        jumps: The hosts on the way, outermost first.
        command: A ProxyCommand in place of a connection of ours.
        alias: What known_hosts files call it, where that is not its address.
    """

    address: str
    port: int
    user: str
    keys: tuple[Path, ...] = ()
    known_hosts: tuple[Path, ...] = ()
    jumps: tuple[Route, ...] = ()
    command: str = ""
    alias: str = ""

    @property
    def name(self) -> str:
        """What known_hosts files call it."""
        return self.alias or place(self.address, self.port)


def route(host: Host) -> Route:
    """The way to a host.

    Options that change how ssh checks host keys are passed over: they are always checked.

    Raises:
        Unreachable: An ssh argument that we do not understand: guessing could lead elsewhere.
    """
    try:
        return _route(host)
    except (ValueError, paramiko.ConfigParseError) as error:
        raise Unreachable(
            f"The ssh arguments or the ssh_config of {host.name} cannot be read: {error}.",
            "See ansible_ssh_common_args, ansible_ssh_extra_args and ~/.ssh/config.",
        ) from None


def _route(host: Host) -> Route:
    options = _options(host)
    file = options.pop("configfile", _CONFIG)
    config = _configured(host.address, file)
    merged = {**config, **options}
    keys = (host.key_file,) if host.key_file else _paths(merged.get("identityfile", ()))
    found = Route(
        address=str(merged.get("hostname", host.address)),
        port=int(merged.get("port", host.port)) if host.port == paramiko.config.SSH_PORT else host.port,
        user=host.user or str(merged.get("user", "")) or getpass.getuser(),
        keys=keys,
        known_hosts=_paths(shlex.split(str(merged.get("userknownhostsfile", "")))),
        alias=str(merged.get("hostkeyalias", "")),
    )
    jump, command = (str(merged.get(name, "none")) for name in ("proxyjump", "proxycommand"))
    if jump not in ("none", host.address):  # `Host *` may send a host over itself; ssh goes straight there then
        return replace(found, jumps=_jumps(jump, found.known_hosts, file, ()))
    return found if command == "none" else replace(found, command=_filled(command, found))


def _options(host: Host) -> dict[str, Any]:
    """The arguments as ssh_config would say them. As there, the first to set an option wins."""
    words, found = shlex.split(host.ssh_args), dict[str, Any]()
    while words:
        word = words.pop(0)
        flag, value = word[:2], word[2:]
        if flag in _BARE:
            continue
        if flag not in _NAMES:
            raise Unreachable(f"{host.name} has the ssh argument {word}, which opsharden does not understand.")
        value = value or (words.pop(0) if words else "")
        name = _NAMES[flag]
        if flag == "-o":
            option = re.fullmatch(r"\s*(\w+)(?:\s*=\s*|\s+)(.*)", value)
            if option is None:
                raise ValueError(f"-o {value} is no option with a value")
            name, value = option[1].lower(), option[2].strip()
        if name == "identityfile":
            found.setdefault(name, []).append(value)
        else:
            found.setdefault(name, value)
    return found


_NAMES = {"-o": "", "-J": "proxyjump", "-i": "identityfile", "-p": "port", "-l": "user", "-F": "configfile"}
_BARE = {"-C", "-q", "-4", "-6", "-T", "-t", "-v", "-a", "-A", "-n", "-x", "-X"}


def _configured(address: str, file: object) -> dict[str, Any]:
    path = Path(str(file)).expanduser()
    if not path.is_file():
        return {}
    return dict(paramiko.SSHConfig.from_path(str(path)).lookup(address))


def _paths(texts: Iterable[str]) -> tuple[Path, ...]:
    return tuple(Path(text).expanduser() for text in texts if text != "none")


def _filled(command: str, to: Route) -> str:
    """The tokens of a ProxyCommand: ssh_config(5), TOKENS."""
    tokens = {"%h": to.address, "%p": str(to.port), "%r": to.user, "%n": to.address, "%%": "%"}
    return re.sub("%.", lambda token: tokens.get(token[0], token[0]), command)


def _jumps(text: str, known_hosts: tuple[Path, ...], file: object, seen: tuple[str, ...]) -> tuple[Route, ...]:
    """The hosts of a ProxyJump, the first of them behind those that its own ssh_config names.

    As with ssh, user and keys of the host at the end say nothing about them: what Ansible reaches, we reach.
    """
    found: list[Route] = []
    for number, part in enumerate(text.split(",")):
        match = re.fullmatch(r"\s*(?:ssh://)?(?:(.+)@)?(?:\[(.+)\]|([^:]+))(?::(\d+))?/?\s*", part)
        if match is None or part in seen:
            raise ValueError(f"{part!r} is no host to jump over")
        given = match[2] or match[3]
        config = _configured(given, file)
        hop = Route(
            address=str(config.get("hostname", given)),
            port=int(match[4] or config.get("port", 22)),
            user=match[1] or str(config.get("user", "")) or getpass.getuser(),
            keys=_paths(config.get("identityfile", ())),
            known_hosts=known_hosts,
            alias=str(config.get("hostkeyalias", "")),
        )
        own = str(config.get("proxyjump", "none"))
        if own not in ("none", given) and number == 0:
            found += _jumps(own, known_hosts, file, (*seen, part))
        found.append(hop)
    return tuple(found)
