"""How ssh would get to a host: Ansible's arguments and ssh_config, as far as paramiko can follow."""

from __future__ import annotations

import getpass
import shlex
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import paramiko

from opsharden.errors import Unreachable
from opsharden.model import Host

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
    """

    address: str
    port: int
    user: str
    keys: tuple[Path, ...] = ()
    known_hosts: tuple[Path, ...] = ()
    jumps: tuple[Route, ...] = ()
    command: str = ""


def route(host: Host) -> Route:
    """The way to a host.

    Raises:
        Unreachable: An ssh argument that we do not understand: guessing could lead elsewhere.
    """
    options = _options(host)
    config = _configured(host.address, options.pop("configfile", None))
    merged = {**config, **options}
    keys = (host.key_file,) if host.key_file else tuple(Path(p).expanduser() for p in merged.get("identityfile", ()))
    found = Route(
        address=str(config.get("hostname", host.address)),
        port=int(merged.get("port", host.port)) if host.port == paramiko.config.SSH_PORT else host.port,
        user=host.user or str(merged.get("user", "")) or getpass.getuser(),
        keys=keys,
        known_hosts=tuple(Path(p).expanduser() for p in shlex.split(str(merged.get("userknownhostsfile", "")))),
        command=str(merged.get("proxycommand", "")),
    )
    jump = str(merged.get("proxyjump", ""))
    if jump and jump != "none":
        return replace(found, jumps=tuple(_jump(part, found) for part in jump.split(",")), command="")
    return replace(found, command="") if found.command == "none" else found


def _options(host: Host) -> dict[str, Any]:
    words, found = shlex.split(host.ssh_args), dict[str, Any]()
    while words:
        word = words.pop(0)
        flag, value = word[:2], word[2:]
        if flag in _BARE:
            continue
        if flag not in _NAMES:
            raise Unreachable(f"{host.name} has the ssh argument {word}, which opsharden does not understand.")
        value = value or (words.pop(0) if words else "")
        if flag == "-o":
            name, _, value = value.replace("=", " ", 1).strip().partition(" ")
            found.setdefault(name.lower(), value.strip())
        else:
            found.setdefault(_NAMES[flag], value)
    if "identityfile" in found:
        found["identityfile"] = [found["identityfile"]]
    return found


_NAMES = {"-o": "", "-J": "proxyjump", "-i": "identityfile", "-p": "port", "-l": "user", "-F": "configfile"}
_BARE = {"-C", "-q", "-4", "-6", "-T", "-v", "-a", "-x"}


def _configured(address: str, file: object) -> dict[str, Any]:
    path = Path(str(file or _CONFIG)).expanduser()
    if not path.is_file():
        return {}
    return dict(paramiko.SSHConfig.from_path(str(path)).lookup(address))


def _jump(text: str, last: Route) -> Route:
    user, _, rest = text.strip().rpartition("@")
    address, _, port = rest.partition(":")
    config = _configured(address, None)
    keys = tuple(Path(p).expanduser() for p in config.get("identityfile", ())) or last.keys
    return Route(
        address=str(config.get("hostname", address)),
        port=int(port or str(config.get("port", 22))),
        user=user or str(config.get("user", "")) or last.user,
        keys=keys,
        known_hosts=last.known_hosts,
    )
