"""Connections to hosts: strict about host keys, clear about why one failed."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import paramiko
from pydantic import SecretStr

from opsharden.errors import TransportBroken, Unreachable
from opsharden.model import Host
from opsharden.ssh import hostkeys
from opsharden.ssh.route import Route, route


class Connection:
    """A logged-in connection to one host, and to the hosts on the way there. Use it as a context manager."""

    def __init__(self, client: paramiko.SSHClient, way: ExitStack) -> None:
        self._client = client
        self._way = way

    def open_channel(self, command: str) -> paramiko.Channel:
        """Start a command and give its channel.

        Raises:
            TransportBroken: The connection is gone, or the host opens no more channels.
        """
        transport = self._client.get_transport()
        try:
            if transport is None:
                raise TransportBroken("The connection was lost.")
            channel = transport.open_session(timeout=30)
            channel.exec_command(command)
        except (OSError, EOFError, paramiko.SSHException) as error:
            raise TransportBroken(f"The host did not start a command: {error}.") from None
        return channel

    def close(self) -> None:
        """Leave the host, and those on the way; safe to call twice and from another thread."""
        self._client.close()
        self._way.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def connect(host: Host, known_hosts: Sequence[Path], *, timeout: float) -> Connection:
    """Log in to a host.

    Args:
        host: Where to and as whom.
        known_hosts: Files of pinned host keys.
        timeout: Seconds for each step on the way: connection, handshake, login.

    Raises:
        Unreachable: No connection, a host key that is unknown or has changed, or the login was refused.
    """
    if host.key_file is not None and not host.key_file.is_file():
        raise Unreachable(
            f"The key file {host.key_file} for {host.name} does not exist.", "See ansible_ssh_private_key_file."
        )
    target = route(host)
    files = (*target.known_hosts, *known_hosts)
    way = ExitStack()
    try:
        sock: Any = None
        for hop in target.jumps:
            client = _login(hop.address, hop, None, files, sock or _dial(hop.address, hop, timeout), timeout)
            way.callback(client.close)
            following = (*target.jumps, target)[target.jumps.index(hop) + 1]
            sock = _tunnel(hop, client, following, timeout)
        if target.command:
            sock = paramiko.ProxyCommand(_filled(target))
            way.callback(sock.close)
        client = _login(host.name, target, host.password, files, sock or _dial(host.name, target, timeout), timeout)
    except BaseException:
        way.close()
        raise
    return Connection(client, way)


def _dial(name: str, to: Route, timeout: float) -> socket.socket:
    try:
        sock = socket.create_connection((to.address, to.port), timeout)
    except OSError as error:
        raise Unreachable(
            f"{name} cannot be reached at {to.address} port {to.port}: {_why(error)}.", _DIAL_ADVICE
        ) from None
    # Our messages are small and each waits for an answer: collecting them into fuller packets costs 40 ms apiece.
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return sock


_DIAL_ADVICE = "Is the host up, the address right, the port open?"


def _why(error: OSError) -> str:
    if isinstance(error, socket.gaierror):
        return "the name does not resolve"
    if isinstance(error, TimeoutError):
        return "it did not answer in time"
    return (error.strerror or str(error)).lower()


def _tunnel(hop: Route, client: paramiko.SSHClient, to: Route, timeout: float) -> Any:
    transport = client.get_transport()
    if transport is None:
        raise Unreachable(f"The connection to {hop.address} was lost.")
    try:
        return transport.open_channel("direct-tcpip", (to.address, to.port), ("127.0.0.1", 0), timeout=timeout)
    except (OSError, EOFError, paramiko.SSHException) as error:
        raise Unreachable(
            f"{to.address} port {to.port} cannot be reached through {hop.address}: {error}.", _DIAL_ADVICE
        ) from None


def _filled(to: Route) -> str:
    return to.command.replace("%h", to.address).replace("%p", str(to.port)).replace("%r", to.user)


class _Refuse(paramiko.MissingHostKeyPolicy):
    """Says which key was shown, so that it can be compared with the true one."""

    def missing_host_key(self, client: paramiko.SSHClient, hostname: str, key: paramiko.PKey) -> None:
        """Always refuses."""
        raise Unreachable(
            f"The host key of {hostname} is not known: {hostkeys.of(key).fingerprint} ({key.get_name()}).",
            "Compare it with `ssh-keygen -lf` on the host itself; `opsharden bootstrap --fingerprint` pins it.",
        )


def _login(
    name: str, to: Route, password: SecretStr | None, files: Sequence[Path], sock: Any, timeout: float
) -> paramiko.SSHClient:
    client = paramiko.SSHClient()
    client.set_missing_host_key_policy(_Refuse())
    try:
        # Into one set: the first file that knows a host must not hide what another knows.
        for path in files:
            if path.is_file():
                client.load_host_keys(str(path))
        client.connect(
            to.address,
            to.port,
            username=to.user,
            password=password.get_secret_value() if password else None,
            key_filename=[str(key) for key in to.keys if key.is_file()] or None,  # type: ignore[arg-type]  # takes a list
            sock=sock,
            timeout=timeout,
            banner_timeout=timeout,
            auth_timeout=timeout,
            allow_agent=not to.keys,
            look_for_keys=not to.keys and password is None,
        )
    except BaseException as error:
        client.close()
        if isinstance(error, OSError | EOFError | paramiko.SSHException):
            raise _refused(name, to, error, with_password=password is not None) from None
        raise
    return client


def _refused(name: str, to: Route, error: Exception, *, with_password: bool) -> Unreachable:
    if isinstance(error, paramiko.BadHostKeyException):
        shown, pinned = hostkeys.of(error.key).fingerprint, hostkeys.of(error.expected_key).fingerprint
        return Unreachable(
            f"The host key of {name} has changed: it shows {shown}, pinned is {pinned}.",
            "If the host was reinstalled, remove its line from known_hosts; else find out who answers.",
        )
    if isinstance(error, paramiko.PasswordRequiredException):
        return Unreachable(f"The key for {name} is locked by a passphrase.", "Load it into ssh-agent, or use another.")
    if isinstance(error, paramiko.AuthenticationException):
        tried = [*(str(key) for key in to.keys), *(["the password"] if with_password else [])]
        return Unreachable(
            f"{name} refused the login as {to.user} with {' and '.join(tried) or 'the keys of the agent'}.",
            "Check user, key and password; `opsharden bootstrap` puts the key in place.",
        )
    if isinstance(error, TimeoutError):
        return Unreachable(f"{name} accepted the connection but did not answer in time.", "Is its sshd well?")
    return Unreachable(f"{name} ended the connection: {str(error) or 'no reason given'}.", "Is an SSH server there?")
