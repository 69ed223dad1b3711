"""Passwords of Ansible Vault: from where Ansible itself takes them, each asked for once."""

from __future__ import annotations

import getpass
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from ansible.parsing.vault import VaultSecret, VaultSecretsContext, get_file_vault_secret
from pydantic import SecretStr

from opsharden.errors import VaultError
from opsharden.inventory.ansible_api import AnsibleError, Loader, constants
from opsharden.inventory.words import sentence

Opened = tuple[tuple[str, SecretStr], ...]
"""Vault ids, each with its password, in the order in which they are tried."""

_PROMPTS = ("prompt", "prompt_ask_vault_pass")


@dataclass(frozen=True)
class VaultKeys:
    """What the user gave to open vaulted content.

    Attributes:
        ids: `ID@SOURCE` or `SOURCE`, as for Ansible's --vault-id; a source is a file, a program, or `prompt`.
        files: Password files, or programs that print the password.
        password: The password itself.
    """

    ids: tuple[str, ...] = ()
    files: tuple[Path, ...] = ()
    password: SecretStr | None = None


def open_vault(keys: VaultKeys, loader: Loader, tell: Callable[[str], None]) -> Opened:
    """Get every password, and let a loader open vaulted content with them.

    What Ansible's own settings name (ANSIBLE_VAULT_PASSWORD_FILE, ANSIBLE_VAULT_IDENTITY_LIST, ansible.cfg) counts too.
    Where one of those is missing, that is told and no more: a team's ansible.cfg names them all, and what stays closed
    without it says so.

    Raises:
        VaultError: A file cannot be read, a program fails, or one of them gives nothing.
    """
    secrets: list[tuple[str, VaultSecret]] = []
    excused: list[VaultError] = []
    for label, source, named in _sources(keys):
        try:
            secrets.append((label, _password(label, source, loader)))
        except VaultError as fault:
            if named:
                raise
            excused.append(fault)
        loader.set_vault_secrets(secrets)  # a password file may itself be vaulted, with one that came before
    if keys.password is not None:
        secrets.append((constants.DEFAULT_VAULT_IDENTITY, VaultSecret(keys.password.get_secret_value().encode())))
    for error in excused:
        tell(error.message)
    loader.set_vault_secrets(secrets)
    _everywhere(secrets)
    return tuple((label, SecretStr(secret.bytes.decode(errors="surrogateescape"))) for label, secret in secrets)


def _sources(keys: VaultKeys) -> Iterator[tuple[str, str, bool]]:
    """Vault id, source, and whether the user named it for this run; in Ansible's order."""
    default = constants.DEFAULT_VAULT_IDENTITY
    ids = [(each, False) for each in constants.DEFAULT_VAULT_IDENTITY_LIST or ()]
    ids += [(each, True) for each in keys.ids]
    for each, named in ids:
        label, at, source = each.partition("@")
        yield (label or default, source, named) if at else (default, each, named)
    yield from ((default, str(path), True) for path in keys.files)
    if constants.DEFAULT_VAULT_PASSWORD_FILE:
        yield default, constants.DEFAULT_VAULT_PASSWORD_FILE, False


def _password(label: str, source: str, loader: Loader) -> VaultSecret:
    if source in _PROMPTS:
        try:
            typed = getpass.getpass(f"Vault password ({label}): ")
        except EOFError:
            typed = ""
        if not typed:
            raise VaultError(f"The vault password of {label} was to be typed, and nothing was.")
        return VaultSecret(typed.encode())
    path = Path(source).expanduser()
    try:
        secret = get_file_vault_secret(filename=str(path), vault_id=label, loader=loader)
        if not loader.is_executable(str(path)) and path.read_bytes().startswith(b"#!"):
            raise VaultError(f"The vault password file {path} is a program that may not be run.", f"chmod +x {path}")
        secret.load()
    except AnsibleError as error:
        raise VaultError(f"The vault password file cannot be used: {_why(error)}") from None
    except OSError as error:
        raise VaultError(f"The vault password file {path} cannot be used: {error.strerror}.") from None
    return secret


def _why(error: AnsibleError) -> str:
    """What is wrong with it; of what a program said on stderr, which Ansible quotes as bytes, the text."""
    text = str(error.message)
    head, _, quoted = text.rpartition(": b")
    if head and quoted[:1] in ("'", '"'):
        said = quoted[1:-1].encode().decode("unicode_escape", errors="replace").strip()
        text = f"{head}: {said}" if said else head
    if text.startswith("Invalid vault password was provided from"):
        text = f"It gives no password: {text.rpartition(' ')[2].strip('()')}"
    return sentence(text.removesuffix(": None"))


def _everywhere(secrets: list[tuple[str, VaultSecret]]) -> None:
    current = VaultSecretsContext.current(optional=True)
    if current is None:
        VaultSecretsContext.initialize(VaultSecretsContext(secrets))
    else:
        # Ansible has one such context per process and no way to replace it.
        current.secrets[:] = secrets
