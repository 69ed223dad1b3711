"""The first words with an SSH server: only strong algorithms, and the host key we can compare."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from math import inf
from typing import Any, ClassVar

import paramiko
from paramiko.packet import Packetizer

from opsharden.errors import Unreachable
from opsharden.ssh import hostkeys
from opsharden.ssh.advice import LET_IN, WELL
from opsharden.ssh.hostkeys import HostKey
from opsharden.ssh.unsupported import Incompatible
from opsharden.visible import quoted

_PACKET = 1 << 18
"""Bytes of the largest packet that OpenSSH sends or takes, far more than RFC 4253, 6.1 asks for."""

_KINDS = {"rsa-sha2-512": "ssh-rsa", "rsa-sha2-256": "ssh-rsa"}
"""Signature algorithm to the type of its key, where they differ (RFC 8332)."""


def shake(name: str, sock: Any, kinds: Sequence[str], timeout: float) -> tuple[paramiko.Transport, HostKey]:
    """Agree on a cipher and see the host's key. It proves nothing yet about who shows it.

    Args:
        name: The host's, for people.
        sock: A connected socket, or what behaves like one; closed with the transport.
        kinds: Types of host key to ask for first. A host has several keys, and shows one of the first type of ours
            that it has: asked in another order, an honest host shows a key that nobody pinned.
        timeout: Seconds.

    Returns:
        The transport, not logged in, and the key.

    Raises:
        Incompatible: It speaks no strong cryptography that paramiko knows.
        Unreachable: That is no SSH server, or it does not answer.
    """
    transport: paramiko.Transport | None = None
    began = time.monotonic()
    try:
        transport = _Transport(sock, packetizer_class=_Packetizer)
        transport.banner_timeout = transport.handshake_timeout = transport.auth_timeout = timeout
        _only_strong(transport, kinds)
        transport.start_client(timeout=timeout)
        # Late, it just returns; then there is no key yet.
        key = hostkeys.of(transport.get_remote_server_key()) if transport.initial_kex_done else None
    except BaseException as error:
        (transport or sock).close()
        if isinstance(error, EOFError | paramiko.SSHException) and time.monotonic() - began >= timeout:
            error = TimeoutError()  # paramiko's own timer won the race with ours, and has other words for lateness
        if isinstance(error, OSError | EOFError | paramiko.SSHException):
            raise _failed(name, error) from None
        raise
    if key is None:
        transport.close()
        raise _failed(name, TimeoutError())
    return transport, key


class _Transport(paramiko.Transport):
    """Knows a key exchange by its standard's name too, which paramiko knows by its first one (RFC 8731)."""

    _kex_info: ClassVar = dict(paramiko.Transport._kex_info)  # type: ignore[attr-defined]  # the stubs do not know it
    _kex_info["curve25519-sha256"] = _kex_info["curve25519-sha256@libssh.org"]
    _preferred_kex: ClassVar = list(paramiko.Transport._preferred_kex)  # type: ignore[attr-defined]
    _preferred_kex.insert(_preferred_kex.index("curve25519-sha256@libssh.org"), "curve25519-sha256")


class _Packetizer(Packetizer):
    """Knows when a handshake is late by looking at the clock; paramiko starts a thread to be told."""

    _late = inf
    _banner = 0

    def read_all(self, n: int, check_rekey: bool = False) -> bytes:
        """See `Packetizer`. Who names a length need not be believed: nobody sends packets like that."""
        if n > _PACKET:
            raise paramiko.SSHException(f"a packet of {n} bytes was announced")
        return bytes(super().read_all(n, check_rekey))

    def _read_timeout(self, timeout: float) -> bytes:
        """See `Packetizer`: what comes before the first packet, of which there is to be an end."""
        data = bytes(super()._read_timeout(timeout))  # type: ignore[misc]  # the stubs do not know it
        self._banner += len(data)
        if self._banner > _PACKET or self.handshake_timed_out():
            raise paramiko.SSHException("it goes on and on")
        return data

    def start_handshake(self, timeout: float) -> None:
        """See `Packetizer`."""
        self._late = time.monotonic() + timeout

    def handshake_timed_out(self) -> bool:
        """See `Packetizer`."""
        return time.monotonic() > self._late

    def complete_handshake(self) -> None:
        """See `Packetizer`."""
        self._late = inf


def _only_strong(transport: paramiko.Transport, kinds: Sequence[str]) -> None:
    """Galois and counter modes and SHA-2 only, encrypt-then-MAC first: paramiko still offers CBC, 3DES, MD5, SHA-1.

    Galois mode comes first, for it is one pass in C; paramiko compares other MACs byte by byte in Python.
    """
    offer = transport.get_security_options()
    ciphers = [name for name in offer.ciphers if name.endswith(("-ctr", "-gcm@openssh.com"))]
    offer.ciphers = sorted(ciphers, key=lambda name: "-gcm@" not in name)
    digests = [name for name in offer.digests if name.startswith("hmac-sha2-")]
    offer.digests = sorted(digests, key=lambda name: "-etm@" not in name)
    order = list(kinds)

    def rank(algorithm: str) -> int:
        kind = _KINDS.get(algorithm, algorithm)
        return order.index(kind) if kind in order else len(order)

    offer.key_types = sorted(offer.key_types, key=rank)


def _failed(name: str, error: Exception) -> Unreachable:
    if isinstance(error, TimeoutError):
        return Unreachable(f"{name} accepted the connection but did not answer in time.", WELL)
    if isinstance(error, paramiko.ssh_exception.IncompatiblePeer):
        return Incompatible(name, quoted(str(error)))
    why = re.sub(r"Error reading SSH protocol banner|\[Errno \d+\] ", "", quoted(str(error))).strip()
    return Unreachable(
        f"{name} ended the connection: {why or 'no reason given'}.",
        LET_IN,
    )
