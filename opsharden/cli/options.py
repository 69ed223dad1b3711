"""Options that several verbs share, named after Ansible's, and what becomes of them."""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import Annotated

import typer
from pydantic import SecretStr

from opsharden import settings
from opsharden.errors import UsageError
from opsharden.inventory import VaultKeys, names_nobody
from opsharden.model import Severity
from opsharden.workflows.targets import Choice
from opsharden.workflows.workplace import Access, Workplace, open_workplace

Pattern = Annotated[str, typer.Argument(metavar="[PATTERN]", help="Hosts and groups, as Ansible writes them.")]
InventoryOption = Annotated[
    list[str] | None, typer.Option("-i", "--inventory", metavar="SOURCE", help="Inventory; may be repeated.")
]
Limit = Annotated[str | None, typer.Option("-l", "--limit", metavar="PATTERN", help="Only these of the hosts.")]
Profile = Annotated[
    list[str] | None, typer.Option("--profile", metavar="NAME", help="In place of the hosts' own profiles.")
]
ControlOption = Annotated[list[str] | None, typer.Option("--control", metavar="ID", help="Only this control.")]
Forks = Annotated[int | None, typer.Option("-f", "--forks", metavar="N", help="Hosts at the same time.")]
ExtraVars = Annotated[
    list[str] | None, typer.Option("-e", "--extra-vars", metavar="VARS", help="name=value, YAML, or @file.")
]
AskBecomePass = Annotated[bool, typer.Option("-K", "--ask-become-pass", help="Ask for sudo's password.")]
BecomePasswordFile = Annotated[
    Path | None, typer.Option("--become-password-file", metavar="FILE", help="Read sudo's password from there.")
]
AskVaultPassword = Annotated[
    bool, typer.Option("-J", "--ask-vault-password", help="Ask for the password of Ansible Vault.")
]
VaultPasswordFile = Annotated[
    Path | None, typer.Option("--vault-password-file", metavar="FILE", help="The vault's password, or what prints it.")
]
VaultId = Annotated[
    list[str] | None,
    typer.Option("--vault-id", metavar="[ID@]FILE", help="The same, for one vault id; repeatable."),
]
Output = Annotated[
    list[str] | None,
    typer.Option("-o", "--output", metavar="FORMAT[:PATH]", help="table, json, junit, csv or html; several at once."),
]
Verbose = Annotated[bool, typer.Option("-v", "--verbose", help="Cut nothing in the table.")]
FailOn = Annotated[Severity, typer.Option("--fail-on", help="The weakest severity that makes the exit code 3.")]
ExitZero = Annotated[bool, typer.Option("--exit-zero", help="Findings and unreachable hosts are no failure.")]


def settings_from(inventory: list[str] | None = None, forks: int | None = None) -> settings.Settings:
    """The settings with the flags that every verb has."""
    return settings.load(flags={"inventory": inventory or None, "forks": forks})


def access_from(
    *,
    extra_vars: list[str] | None = None,
    ask_become_pass: bool = False,
    become_password_file: Path | None = None,
    ask_vault_password: bool = False,
    vault_password_file: Path | None = None,
    vault_id: list[str] | None = None,
) -> Access:
    """What the user gave to get in; asks for what they want to type."""
    become = SecretStr(getpass.getpass("sudo password: ")) if ask_become_pass else None
    if become_password_file is not None:
        become = read_password(become_password_file)
    vault = SecretStr(getpass.getpass("Vault password: ")) if ask_vault_password else None
    files = (vault_password_file,) if vault_password_file else ()
    return Access(become, VaultKeys(tuple(vault_id or ()), files, vault), tuple(extra_vars or ()))


def opened(given: settings.Settings, access: Access) -> Workplace:
    """The workplace, and on stderr what the user should know of it."""
    return open_workplace(given, access, _warn)


def _warn(text: str) -> None:
    from opsharden.cli.console import say  # noqa: PLC0415 - rich takes time to load, and there is rarely something to say

    say(f"opsharden: warning: {text}")


def refuse_everybody(pattern: str, limit: str | None) -> None:
    """Refuse a pattern or limit that names no host and so means all of them: the list a script wrote came out empty.

    Raises:
        UsageError: It is so.
    """
    if (found := names_nobody(pattern, limit)) is not None:
        raise UsageError(found, "Nothing was changed. For all hosts, say so: `all`, and no --limit.")


def tell_of_everybody(pattern: str, limit: str | None) -> None:
    """Say where a pattern or limit names no host and so means all of them."""
    if (found := names_nobody(pattern, limit)) is not None:
        _warn(found)


def choice_from(pattern: str, limit: str | None, profile: list[str] | None, control: list[str] | None) -> Choice:
    """What the user narrowed the run down to."""
    return Choice(pattern, limit, tuple(profile) if profile else None, tuple(control or ()))


def read_password(path: Path) -> SecretStr:
    """The first line of a file.

    Raises:
        UsageError: It cannot be read, or is empty.
    """
    try:
        lines = path.expanduser().read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"The password file {path} cannot be read: {error}.") from None
    if not lines or not lines[0]:
        raise UsageError(f"The password file {path} is empty.", "Its first line is to be the password.")
    return SecretStr(lines[0])
