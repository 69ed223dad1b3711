"""Host keys: seen, compared, pinned. Nothing here ever trusts a key by itself."""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
import shutil
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import paramiko

from opsharden.errors import OpshardenError, Unreachable
from opsharden.ssh.advice import COMPARE, REINSTALLED


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
        try:
            digest = hashlib.sha256(base64.b64decode(self.blob)).digest()
        except binascii.Error:
            return "no key at all"
        return "SHA256:" + base64.b64encode(digest).decode().rstrip("=")


@dataclass(frozen=True, slots=True)
class Pinned:
    """A host key in a known_hosts file.

    Attributes:
        key: The key.
        where: File and line, for people.
        revoked: Whether the line says never to accept this key again.
    """

    key: HostKey
    where: str
    revoked: bool = False


@dataclass(frozen=True, slots=True)
class Identity:
    """What a host shows of itself before anybody logs in.

    Attributes:
        name: What known_hosts files call it.
        shown: The key it shows; of a pinned type where it has one.
        pinned: The keys pinned for it.
    """

    name: str
    shown: HostKey
    pinned: tuple[Pinned, ...]


def of(key: paramiko.PKey) -> HostKey:
    """Paramiko's key as ours."""
    return HostKey(key.get_name(), key.get_base64())


def place(address: str, port: int) -> str:
    """How known_hosts names a host (sshd(8), SSH_KNOWN_HOSTS FILE FORMAT)."""
    return address if port == paramiko.config.SSH_PORT else f"[{address}]:{port}"


def check(host: str, shown: HostKey, pinned: Sequence[Pinned]) -> None:
    """Whether a host that shows this key is the one whose keys are pinned.

    Args:
        host: Its name, for people.
        shown: What it shows.
        pinned: What is pinned for it.

    Raises:
        Unreachable: It is revoked, it is another, or none is pinned.
    """
    same = [entry for entry in pinned if entry.key == shown]
    revoked = [entry for entry in same if entry.revoked]
    valid = [entry for entry in pinned if not entry.revoked]
    if revoked:
        raise Unreachable(
            f"The host key of {host}, {shown.fingerprint}, is revoked in {revoked[0].where}.",
            "Give the host a new key, and find out who else has the old one.",
        )
    if same:
        return
    if valid:
        # The one of the same kind is the one to compare with; another kind is pinned where the host dropped that.
        other = next((entry for entry in valid if entry.key.type == shown.type), valid[0])
        raise Unreachable(
            f"The host key of {host} has changed: it shows {shown.fingerprint} ({shown.type}), "
            f"pinned is {other.key.fingerprint} ({other.key.type}) in {other.where}.",
            REINSTALLED,
        )
    raise Unreachable(
        f"The host key of {host} is not known: it shows {shown.fingerprint} ({shown.type}).",
        COMPARE,
    )


_writing = threading.Lock()


def forget(path: Path, name: str) -> None:
    """Take the lines of `pin` for a host out of a file; those that name more than this host stay.

    Args:
        path: The file.
        name: The host as known_hosts names it, see `place`.

    Raises:
        OpshardenError: The file cannot be read or written.
    """
    try:
        with _writing:
            file = path.resolve()
            lines = file.read_text(encoding="utf-8", errors="surrogateescape").splitlines(keepends=True)
            kept = "".join(line for line in lines if line.split(" ", 1)[0] != name)
            new = file.with_name(f"{file.name}.new")
            new.write_text(kept, encoding="utf-8", errors="surrogateescape")
            shutil.copymode(file, new)
            new.replace(file)
    except OSError as error:
        raise OpshardenError(f"{path} cannot be written: {error.strerror}.", "Check its folder.") from None


def pin(path: Path, name: str, key: HostKey) -> None:
    """Add a host's key to a file; all other lines stay.

    Args:
        path: The file, made with mode 0644 where it does not exist.
        name: The host as known_hosts names it, see `place`.
        key: Its key.

    Raises:
        OpshardenError: The file cannot be written.
    """
    line = f"{name} {key.type} {key.blob}\n".encode()
    try:
        with _writing:
            _append(path, line)
    except OSError as error:
        raise OpshardenError(
            f"The host key cannot be pinned in {path}: {error.strerror}.", "Check its folder."
        ) from None


def _append(path: Path, line: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
    try:
        # A last line without an end would swallow ours.
        size = os.fstat(descriptor).st_size
        if size and os.pread(descriptor, 1, size - 1) != b"\n":
            line = b"\n" + line
        # One short append is one write: hosts pinned at the same time do not tear each other's lines.
        os.write(descriptor, line)
    finally:
        os.close(descriptor)
