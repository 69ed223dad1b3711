"""How OpenSSH's client is called: our conditions first, then what the inventory says, then the user's arguments."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from math import ceil
from pathlib import Path
from tempfile import NamedTemporaryFile

from opsharden.errors import Unreachable
from opsharden.model import Host
from opsharden.ssh import arguments, sshconfig
from opsharden.ssh.hostkeys import place

_PATIENCE = {"ServerAliveInterval": "15", "ServerAliveCountMax": "3"}
"""A host that says nothing for 45 seconds, though asked, is gone."""

_CONDITIONS = {
    "BatchMode": "yes",
    "StrictHostKeyChecking": "yes",
    "GlobalKnownHostsFile": "none",
    "UpdateHostKeys": "no",
    "VerifyHostKeyDNS": "no",
    "NoHostAuthenticationForLocalhost": "no",
    "HashKnownHosts": "no",
    # A connection that somebody else keeps open saw no host key of ours, and one that we kept would outlive us.
    "ControlMaster": "no",
    "ControlPath": "none",
    "ControlPersist": "no",
    "RemoteCommand": "none",
    "PermitLocalCommand": "no",
    "ClearAllForwardings": "yes",
    "ForwardAgent": "no",
    "ForwardX11": "no",
    "RequestTTY": "no",
    "LogLevel": "INFO",  # its last words are of this level
}
STRONG = {
    "Ciphers": "-*-cbc*,3des*,arcfour*",
    "MACs": "-*md5*,*sha1*,umac-64*",
    "KexAlgorithms": "-*sha1*",
    "HostKeyAlgorithms": "-ssh-dss*,ssh-rsa,ssh-rsa-cert*",
}
"""For a host that paramiko found to speak nothing strong that it knows: OpenSSH is not to go there with less."""
PASSED = b"Authenticated to "
"""What an ssh that goes to a jump host says once it is logged in there."""


@contextmanager
def invocation(
    host: Host, known_hosts: Sequence[Path], timeout: float, first: Mapping[str, str] | None = None
) -> Iterator[list[str]]:
    """The words that call ssh up to the host's address; it has to log in before the context ends.

    Of an option that is set twice ssh takes the first. What goes on the command line counts for the host only, so the
    conditions are in a file as well: ssh hands that on to the ssh that it starts for a jump host.

    Args:
        host: Where to and as whom.
        known_hosts: Files of pinned host keys.
        timeout: Seconds for a connection.
        first: Options that come before the conditions, for this host and none on the way.

    Raises:
        Unreachable: Arguments that ssh would not understand.
    """
    try:
        flags = arguments.flags(host)
        named = arguments.options(flags).get("configfile")
        files = known_files(host, known_hosts)
    except ValueError as error:
        raise arguments.unreadable(host, error) from None
    conditions = {
        **_CONDITIONS,
        **_PATIENCE,
        "ConnectTimeout": str(ceil(timeout)),
        "UserKnownHostsFile": " ".join(_quoted(file) for file in files) or "none",
    }
    with NamedTemporaryFile("w", prefix="opsharden-ssh-", encoding="utf-8") as config:
        config.writelines(f"{name} {value}\n" for name, value in {**conditions, "LogLevel": "VERBOSE"}.items())
        config.writelines(f"Include {_quoted(str(file.absolute()))}\n" for file in sshconfig.files(named))
        config.flush()
        yield [
            *(_program(host), "-F", config.name),
            *(word for name, value in {**conditions, **(first or {})}.items() for word in ("-o", f"{name}={value}")),
            *_inventory(host),
            *(word for flag, value in flags if flag != "-F" for word in (flag, value) if word),
            *("-T", "--", host.address),
        ]


def known_files(host: Host, known_hosts: Sequence[Path]) -> list[str]:
    """The files that the user names for host keys, as they are named, and then ours.

    Raises:
        Unreachable, ValueError: Arguments that ssh would not understand.
    """
    named = shlex.split(_option(host, "userknownhostsfile"))
    return [*(file for file in named if file != "none"), *map(_literal, known_hosts)]


def jumps(host: Host) -> str:
    """The ProxyJump of a host, empty where it has none, as far as can be told without OpenSSH.

    Raises:
        Unreachable, ValueError: Arguments that ssh would not understand.
    """
    jump = _option(host, "proxyjump")
    return "" if jump in ("none", host.address) else jump


def detour(host: Host) -> bool:
    """Whether the way to a host leads over others: jump hosts, or whatever a ProxyCommand goes through.

    Raises:
        Unreachable, ValueError: Arguments that ssh would not understand.
    """
    return bool(jumps(host)) or _option(host, "proxycommand") != "none"


def names(host: Host) -> frozenset[str]:
    """What OpenSSH may call a host in what it complains about.

    Raises:
        Unreachable, ValueError: Arguments that ssh would not understand.
    """
    known = {host.address, *(_option(host, name) for name in ("hostname", "hostkeyalias"))}
    ports = {host.port, *(int(port) for port in (_option(host, "port"),) if port.isdigit())}
    return frozenset(known | {place(name, port) for name in known for port in ports})


def _option(host: Host, name: str) -> str:
    options = arguments.options(arguments.flags(host))
    config = sshconfig.lookup(host.address, options.get("configfile"))
    return str({**config, **options}.get(name) or "none")


def _program(host: Host) -> str:
    return "ssh" if host.ssh_client in ("auto", "openssh") else host.ssh_client


def _inventory(host: Host) -> Iterator[str]:
    if host.user:
        yield from ("-l", host.user)
    if host.port != 22:
        yield from ("-p", str(host.port))
    if host.key_file:
        # Not the agent's other keys: a login that worked with one of them would prove nothing about the named one.
        yield from ("-o", "IdentitiesOnly=yes", "-o", f"IdentityFile={_quoted(_literal(host.key_file))}")


def _literal(path: Path) -> str:
    return str(path.absolute()).replace("%", "%%")


def _quoted(path: str) -> str:
    if any(sign in path for sign in '"\\\n'):
        raise Unreachable(f"OpenSSH cannot be given the path {path!r}.", "Call it something simpler.")
    return f'"{path}"'
