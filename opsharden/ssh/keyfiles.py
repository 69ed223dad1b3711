"""Private keys to log in with: from files, and from the agent."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import paramiko
from cryptography.exceptions import UnsupportedAlgorithm
from paramiko.pkey import UnknownKeyType

from opsharden.errors import Unreachable
from opsharden.ssh.filecache import FileCache
from opsharden.ssh.unsupported import Unsupported

_DEFAULTS = ("id_ed25519", "id_ecdsa", "id_rsa")
_HARDWARE = ("id_ed25519_sk", "id_ecdsa_sk")
_FOREIGN = (b"-----BEGIN OPENSSH ", b"ssh-", b"ecdsa-", b"sk-")
"""What a file begins with that OpenSSH can work with: its own format, which also holds the handle of a key in
hardware, or a public key whose private half the agent has."""


def load(path: Path) -> paramiko.PKey | None:
    """The key in a file, with the certificate beside it; None where a passphrase locks it.

    Raises:
        Unsupported: OpenSSH may be able to use that file.
        Unreachable: There is no such file, it cannot be read, or no key is in it.
    """
    try:
        return _keys(path)
    except FileNotFoundError:
        raise Unreachable(f"The key file {path} does not exist.", "See ansible_ssh_private_key_file.") from None
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise Unreachable(f"The key file {path} cannot be read: {why}.", "Check its owner and mode.") from None
    except (ValueError, UnsupportedAlgorithm, paramiko.SSHException, UnknownKeyType):
        if path.read_bytes().startswith(_FOREIGN):
            raise Unsupported(f"the kind of key in {path}") from None
        raise Unreachable(
            f"The file {path} holds no private key that can be used.",
            "Give the private half, of Ed25519, ECDSA or RSA.",
        ) from None


def _read(path: Path) -> paramiko.PKey | None:
    try:
        return paramiko.PKey.from_path(path)
    except (TypeError, paramiko.PasswordRequiredException):
        return None


_keys = FileCache(_read, beside=("-cert.pub",))


def defaults() -> tuple[Path, ...]:
    """The keys that ssh offers where it is told of none: ssh_config(5), IdentityFile."""
    return _in_home(_DEFAULTS)


def hardware() -> tuple[Path, ...]:
    """Those that ssh offers as well and whose private half never leaves a piece of hardware."""
    return _in_home(_HARDWARE)


def _in_home(names: tuple[str, ...]) -> tuple[Path, ...]:
    paths = (Path("~/.ssh").expanduser() / name for name in names)
    return tuple(path for path in paths if path.is_file())


def of_agent() -> Iterator[paramiko.PKey]:
    """The keys in ssh-agent; none where no agent runs."""
    agent = paramiko.Agent()
    try:
        yield from agent.get_keys()
    finally:
        agent.close()
