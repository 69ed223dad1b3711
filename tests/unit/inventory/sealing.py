"""Vaulted content, made as ansible-vault makes it and without starting that program."""

from __future__ import annotations

from ansible.parsing.vault import VaultLib, VaultSecret


def sealed(text: str, password: str, label: str = "") -> str:
    """What a file holds that was encrypted.

    Args:
        text: What is in it.
        password: That opens it.
        label: The vault id, if it is to name one.
    """
    secret = VaultSecret(password.encode())
    return str(VaultLib([(label or "default", secret)]).encrypt(text, secret, label or None).decode())


def sealed_value(text: str, password: str, label: str = "", indent: int = 2) -> str:
    """A vaulted variable's value as YAML."""
    return "\n".join(("!vault |", *(" " * indent + line for line in sealed(text, password, label).splitlines())))
