"""Host keys: seen, compared, pinned. Nothing here ever trusts a key by itself."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
import re
from collections.abc import Iterator, Sequence
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


def of(key: paramiko.PKey) -> HostKey:
    """Paramiko's key as ours."""
    return HostKey(key.get_name(), key.get_base64())


def place(address: str, port: int) -> str:
    """How known_hosts names a host (sshd(8), SSH_KNOWN_HOSTS FILE FORMAT)."""
    return address if port == paramiko.config.SSH_PORT else f"[{address}]:{port}"


def known(paths: Sequence[Path], name: str) -> tuple[Pinned, ...]:
    """The keys pinned for a host, in all files, in their order.

    Certificate authorities are passed over: the certificate of a host is never asked for.

    Args:
        paths: Files of known_hosts; those that do not exist hold nothing.
        name: The host as these files name it, see `place`.

    Raises:
        OpshardenError: A file that is there cannot be read.
    """
    return tuple(pinned for path in paths for pinned in _matching(path, name))


def _matching(path: Path, name: str) -> Iterator[Pinned]:
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except FileNotFoundError:
        return
    except OSError as error:
        raise OpshardenError(
            f"The host keys in {path} cannot be read: {error.strerror}.", "Check its owner and mode."
        ) from None
    for number, line in enumerate(lines, 1):
        fields = line.split()
        marker = fields.pop(0) if fields and fields[0].startswith("@") else ""
        if len(fields) < 3 or fields[0].startswith("#") or marker not in ("", "@revoked"):
            continue
        if _names(fields[0], name.lower()):
            yield Pinned(HostKey(fields[1], fields[2]), f"{path} line {number}", revoked=bool(marker))


def _names(patterns: str, name: str) -> bool:
    if patterns.startswith("|1|"):
        return _is_hash_of(patterns, name)
    found = False
    for pattern in patterns.lower().split(","):
        like = "".join({"*": ".*", "?": "."}.get(sign, re.escape(sign)) for sign in pattern.removeprefix("!"))
        if re.fullmatch(like, name):
            if pattern.startswith("!"):
                return False
            found = True
    return found


def _is_hash_of(hashed: str, name: str) -> bool:
    """`|1|salt|hash`: HMAC-SHA1 is the format's, and hides names; no trust rests on it."""
    try:
        salt, digest = (base64.b64decode(part) for part in hashed.removeprefix("|1|").split("|"))
    except ValueError:
        return False
    return hmac.compare_digest(hmac.digest(salt, name.encode(), "sha1"), digest)


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
            "If the host was reinstalled, remove that line and bootstrap it again; else find out who answers.",
        )
    raise Unreachable(
        f"The host key of {host} is not known: it shows {shown.fingerprint} ({shown.type}).",
        "Compare it with `ssh-keygen -lf` on the host itself; `opsharden bootstrap --fingerprint` pins it.",
    )


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
    except OSError as error:
        raise OpshardenError(
            f"The host key cannot be pinned in {path}: {error.strerror}.", "Check its folder."
        ) from None
