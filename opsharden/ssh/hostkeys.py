"""Host keys: seen, compared, pinned. Nothing here ever trusts a key by itself."""

from __future__ import annotations

import base64
import hashlib
import os
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import paramiko

from opsharden.errors import OpshardenError, Unreachable


@dataclass(frozen=True, slots=True)
class HostKey:
    """A host's public key.

    Attributes:
        type: As in known_hosts: `ssh-ed25519`.
        blob: The key itself, base64.
    """

    type: str
    blob: str

    @property
    def fingerprint(self) -> str:
        """As `ssh-keygen -l` prints it: `SHA256:` and base64 without padding."""
        digest = hashlib.sha256(base64.b64decode(self.blob)).digest()
        return "SHA256:" + base64.b64encode(digest).decode().rstrip("=")


def of(key: paramiko.PKey) -> HostKey:
    """Paramiko's key as ours."""
    return HostKey(key.get_name(), key.get_base64())


def place(address: str, port: int) -> str:
    """How known_hosts names a host (sshd(8), SSH_KNOWN_HOSTS FILE FORMAT)."""
    return address if port == paramiko.config.SSH_PORT else f"[{address}]:{port}"


def fetch(address: str, port: int, timeout: float) -> HostKey:
    """The key a host shows, without logging in. It proves nothing about who shows it.

    Raises:
        Unreachable: No SSH server answers there.
    """
    try:
        with socket.create_connection((address, port), timeout) as sock:
            transport = paramiko.Transport(sock)
            transport.banner_timeout = transport.handshake_timeout = timeout
            try:
                # Ed25519 first: every Debian of today has one, and it is what fingerprints are usually given of.
                options = transport.get_security_options()
                options.key_types = tuple(sorted(options.key_types, key=lambda kind: kind != "ssh-ed25519"))
                transport.start_client(timeout=timeout)
                return of(transport.get_remote_server_key())
            finally:
                transport.close()
    except (OSError, EOFError, paramiko.SSHException) as error:
        reason = "it did not answer in time" if isinstance(error, TimeoutError) else str(error) or "the line went dead"
        raise Unreachable(
            f"No SSH server at {address} port {port}: {reason}.", "Check address, port and firewall."
        ) from None


def known(paths: Sequence[Path], address: str, port: int) -> tuple[HostKey, ...]:
    """The keys pinned for a host, in all files."""
    found: dict[HostKey, None] = {}
    for path in paths:
        if path.is_file():
            for key in (paramiko.HostKeys(str(path)).lookup(place(address, port)) or {}).values():
                found[of(key)] = None
    return tuple(found)


def pin(path: Path, address: str, port: int, key: HostKey) -> None:
    """Add a host's key to a file; all other lines stay.

    Raises:
        OpshardenError: The file cannot be written.
    """
    line = f"{place(address, port)} {key.type} {key.blob}\n"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # One short append is one write: hosts pinned at the same time do not tear each other's lines.
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        try:
            os.write(descriptor, line.encode())
        finally:
            os.close(descriptor)
    except OSError as error:
        raise OpshardenError(
            f"The host key cannot be pinned in {path}: {error.strerror}.", "Check its folder."
        ) from None
