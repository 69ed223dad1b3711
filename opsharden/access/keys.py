"""The automation key: made here, its private half never leaves this machine."""

from __future__ import annotations

import os
import socket
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from opsharden.errors import UsageError


def create(path: Path) -> Path:
    """Make an Ed25519 key pair in OpenSSH's format, unlocked: scheduled runs have nobody to ask.

    Args:
        path: Of the private key, mode 0600 from its first byte; the public one lies beside it as `.pub`.

    Returns:
        The public key's path.

    Raises:
        FileExistsError: There is a key already; it is left alone.
    """
    key = Ed25519PrivateKey.generate()
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, serialization.NoEncryption()
    )
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(private)
    public = path.with_name(f"{path.name}.pub")
    text = key.public_key().public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH).decode()
    public.write_text(f"{text} opsharden@{socket.gethostname()}\n", encoding="utf-8")
    return public


def public_key(path: Path) -> str:
    """The public half of a private key file, as a line of authorized_keys.

    Raises:
        UsageError: There is no such key, or it cannot be read.
    """
    beside = path.with_name(f"{path.name}.pub")
    try:
        if beside.is_file():
            return beside.read_text(encoding="utf-8").strip()
        key = serialization.load_ssh_private_key(path.read_bytes(), password=None)
    except FileNotFoundError:
        raise UsageError(f"The automation key {path} does not exist.", "`opsharden init` makes one.") from None
    except (OSError, ValueError, TypeError) as error:
        raise UsageError(
            f"The automation key {path} cannot be read: {error}.", f"Put its public half at {beside}."
        ) from None
    public = key.public_key().public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
    return public.decode()
