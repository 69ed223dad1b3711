"""How ssh would get to a host: Ansible's arguments and ssh_config, as far as paramiko can follow."""

from __future__ import annotations

import getpass
import re
import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import paramiko

from opsharden.model import Host
from opsharden.ssh import arguments, keyfiles, sshconfig
from opsharden.ssh.hostkeys import place
from opsharden.ssh.unsupported import Unsupported

_FOLLOWED = "hostname port user identityfile userknownhostsfile hostkeyalias proxyjump proxycommand"
_DECIDED = """
addkeystoagent batchmode checkhostip clearallforwardings compression connectionattempts connecttimeout controlmaster
controlpath controlpersist dynamicforward escapechar exitonforwardfailure fingerprinthash forwardagent forwardx11
forwardx11timeout forwardx11trusted gatewayports globalknownhostsfile hashknownhosts identitiesonly ignoreunknown ipqos
kbdinteractiveauthentication localcommand localforward loglevel nohostauthenticationforlocalhost
numberofpasswordprompts passwordauthentication permitlocalcommand preferredauthentications pubkeyauthentication
remoteforward requesttty sendenv serveralivecountmax serveraliveinterval setenv stricthostkeychecking tcpkeepalive
updatehostkeys verifyhostkeydns visualhostkey configfile -C -2
"""
"""Options passed over: they are ours to decide (how host keys are checked, whose connections are used, how long to
wait), or they are about what happens after the login."""

_KNOWN = frozenset(f"{_FOLLOWED} {_DECIDED}".split())
_FILLED = frozenset(_FOLLOWED.split()) - {"proxycommand"}
"""Where a token or a variable that is left has not been filled in by anybody; ProxyCommand has its own."""

_OFF = {"no", "none", "false"}
_USUAL = "gssapiauthentication"
"""Switched on for all hosts by the ssh_config of some distributions, where hardly one of them wants it."""


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

    Raises:
        Unsupported: Something on it is for OpenSSH to do: guessing could lead elsewhere.
        Unreachable: ssh arguments that cannot be read, or a key in one of the files named.
    """
    try:
        found = _route(host)
    except ValueError as error:
        raise arguments.unreadable(host, error) from None
    tried = [key for hop in found.jumps for key in hop.keys or keyfiles.hardware()]
    tried += found.keys or (() if host.password else keyfiles.hardware())
    for key in tried:
        if key.is_file():  # what is not there is passed over, as ssh does
            keyfiles.load(key)
    return found


def named_user(host: Host) -> str | None:
    """Whom the arguments or ssh_config log in as; None where they leave it open, and ssh takes who calls it.

    Raises:
        Unsupported: Only OpenSSH can tell.
        Unreachable: ssh arguments that cannot be read.
    """
    try:
        options = arguments.options(arguments.flags(host))
    except ValueError as error:
        raise arguments.unreadable(host, error) from None
    config = sshconfig.lookup(host.address, options.get("configfile"))
    if not options.get("user") and sshconfig.MARK in config:
        raise Unsupported(str(config[sshconfig.MARK]))
    user = options.get("user") or config.get("user")
    return str(user) if user else None


def _route(host: Host) -> Route:
    options = arguments.options(arguments.flags(host))
    _check(options, "argument")
    file = options.get("configfile")
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
    jump, command = (str(merged.get(name) or "none") for name in ("proxyjump", "proxycommand"))
    if jump not in ("none", host.address):  # `Host *` may send a host over itself; ssh goes straight there then
        return replace(found, jumps=_jumps(jump, found.known_hosts, file, ()))
    return found if command == "none" else replace(found, command=_filled(command, found))


def _configured(address: str, file: str | None) -> dict[str, Any]:
    config = sshconfig.lookup(address, file)
    config.pop(_USUAL, None)
    _check(config, "option")
    return config


def _check(options: Mapping[str, Any], kind: str) -> None:
    """Whether paramiko can do all of this.

    Raises:
        Unsupported: It cannot.
    """
    for name, value in options.items():
        if name == sshconfig.MARK:
            raise Unsupported(str(value))
        if name not in _KNOWN and str(value).lower() not in _OFF:
            raise Unsupported(f"the ssh {kind} {name}")
        if name in _FILLED and re.search(r"%|\$\{", str(value)):
            raise Unsupported(f"the ssh {kind} {name} with {value}")


def _paths(texts: Iterable[str]) -> tuple[Path, ...]:
    return tuple(Path(text).expanduser() for text in texts if text != "none")


def _filled(command: str, to: Route) -> str:
    """The tokens of a ProxyCommand: ssh_config(5), TOKENS."""
    tokens = {"%h": to.address, "%p": str(to.port), "%r": to.user, "%n": to.address, "%%": "%"}
    return re.sub("%.", lambda token: tokens.get(token[0], token[0]), command)


def _jumps(text: str, known_hosts: tuple[Path, ...], file: str | None, seen: tuple[str, ...]) -> tuple[Route, ...]:
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
        if config.get("proxycommand") not in (None, "none"):
            raise Unsupported(f"the ProxyCommand of the jump host {given}")
        own = str(config.get("proxyjump", "none"))
        if own not in ("none", given) and number == 0:
            found += _jumps(own, known_hosts, file, (*seen, part))
        found.append(hop)
    return tuple(found)
