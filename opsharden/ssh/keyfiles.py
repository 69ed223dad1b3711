"""Private keys to log in with: from files, and from the agent."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import paramiko
from cryptography.exceptions import UnsupportedAlgorithm
from paramiko.pkey import UnknownKeyType

from opsharden.errors import Unreachable

_DEFAULTS = ("id_ed25519", "id_ecdsa", "id_rsa")


def load(path: Path) -> paramiko.PKey | None:
    """The key in a file, with the certificate beside it; None where a passphrase locks it.

    Raises:
        Unreachable: There is no such file, it cannot be read, or no key is in it.
    """
    try:
        return paramiko.PKey.from_path(path)
    except FileNotFoundError:
        raise Unreachable(f"The key file {path} does not exist.", "See ansible_ssh_private_key_file.") from None
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise Unreachable(f"The key file {path} cannot be read: {why}.", "Check its owner and mode.") from None
    except (TypeError, paramiko.PasswordRequiredException):
        return None
    except (ValueError, UnsupportedAlgorithm, paramiko.SSHException, UnknownKeyType):
        raise Unreachable(
            f"The file {path} holds no private key that can be used.",
            "Give the private half, of Ed25519, ECDSA or RSA.",
        ) from None


def defaults() -> tuple[Path, ...]:
    """The keys that ssh offers where it is told of none: ssh_config(5), IdentityFile."""
    paths = (Path("~/.ssh").expanduser() / name for name in _DEFAULTS)
    return tuple(path for path in paths if path.is_file())


def of_agent() -> Iterator[paramiko.PKey]:
    """The keys in ssh-agent; none where no agent runs."""
    agent = paramiko.Agent()
    try:
        yield from agent.get_keys()
    finally:
        agent.close()
