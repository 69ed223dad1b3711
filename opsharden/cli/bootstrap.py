"""opsharden bootstrap: make new hosts ready."""

from __future__ import annotations

import getpass
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from pydantic import SecretStr
from rich.table import Table
from rich.text import Text

from opsharden.access.account import Step
from opsharden.cli import options
from opsharden.cli.console import stderr, stdout
from opsharden.cli.progress import Progress
from opsharden.cli.trigger import person
from opsharden.errors import UsageError
from opsharden.model import ChangeStatus, HostStatus, Member
from opsharden.workflows import exitcode
from opsharden.workflows.bootstrap import FirstLogin, Outcome
from opsharden.workflows.bootstrap import bootstrap as bootstrap_hosts
from opsharden.workflows.filing import open_store
from opsharden.workflows.targets import choose_hosts

User = Annotated[
    str | None, typer.Option("-u", "--user", help="Whom to log in as the first time; else bootstrap_user, else root.")
]
AskPass = Annotated[bool, typer.Option("-k", "--ask-pass", help="Ask for the login password.")]
PasswordFile = Annotated[Path | None, typer.Option("--password-file", metavar="FILE", help="Read it from there.")]
PrivateKey = Annotated[Path | None, typer.Option("--private-key", metavar="FILE", help="A key that is let in already.")]
Fingerprint = Annotated[
    str | None, typer.Option("--fingerprint", metavar="SHA256:...", help="The true host key's; for a single host.")
]
AcceptNew = Annotated[bool, typer.Option("--accept-new", help="Trust the host keys that are shown, and pin them.")]


def bootstrap(  # noqa: PLR0913, PLR0917 - one parameter per option of the command line
    pattern: options.Pattern = "all",
    inventory: options.InventoryOption = None,
    limit: options.Limit = None,
    user: User = None,
    ask_pass: AskPass = False,
    password_file: PasswordFile = None,
    private_key: PrivateKey = None,
    fingerprint: Fingerprint = None,
    accept_new: AcceptNew = False,
    forks: options.Forks = None,
    extra_vars: options.ExtraVars = None,
    ask_become_pass: options.AskBecomePass = False,
    become_password_file: options.BecomePasswordFile = None,
    ask_vault_password: options.AskVaultPassword = False,
    vault_password_file: options.VaultPasswordFile = None,
    vault_id: options.VaultId = None,
) -> None:
    """Make new hosts ready: host key pinned, python3, automation account with key and sudo, and a fresh login as proof.

    A host key is accepted when it is pinned already, when it has the given fingerprint (--fingerprint, or the variable
    bootstrap_host_key_fingerprint), or with --accept-new. A second run changes nothing.

    The account is the one that verify and apply log in as: ansible_user, or whom ssh_config names, else opsharden. What
    would keep it out (sshd's settings, the account, sudo's rules) is said before anything is changed.

    Examples:
      opsharden bootstrap -u admin --ask-pass               all hosts of the inventory
      opsharden bootstrap web9 -u root --private-key ~/.ssh/id_ed25519
      opsharden bootstrap web9 -k --fingerprint SHA256:...

    Exit codes: 0 all ready, 4 some are not.
    """
    settings = options.settings_from(inventory, forks)
    access = options.access_from(
        extra_vars=extra_vars,
        ask_become_pass=ask_become_pass,
        become_password_file=become_password_file,
        ask_vault_password=ask_vault_password,
        vault_password_file=vault_password_file,
        vault_id=vault_id,
    )
    options.refuse_everybody(pattern, limit)
    place = options.opened(settings, access)
    found, left_out = choose_hosts(place, pattern, limit)
    hosts = [host for host in found if host.connection == "ssh"]
    if fingerprint and len(hosts) != 1:
        raise UsageError(f"--fingerprint is for a single host; {len(hosts)} match.", "Limit it with -l.")
    password = SecretStr(getpass.getpass("Login password: ")) if ask_pass else None
    if password_file is not None:
        password = options.read_password(password_file)
    first = FirstLogin(user, password, private_key, access.become_password, fingerprint, accept_new)
    secrets = [password.get_secret_value()] if password else []
    with open_store(place, hosts, secrets) as store:
        run_id, outcomes = bootstrap_hosts(place, hosts, first, store, person(), Progress(stderr()), left_out)
    _table(outcomes, left_out)
    stderr().print(f"filed as: {run_id}", markup=False, highlight=False)
    raise typer.Exit(exitcode.of_bootstrap(outcomes, left_out))


def _told(step: Step) -> str:
    return step.what if step.status is ChangeStatus.CHANGED else f"{step.status}: {step.what}: {step.message}"


def _table(outcomes: Sequence[Outcome], left_out: Sequence[Member]) -> None:
    table = Table(box=None, pad_edge=False)
    for name in ("host", "outcome", "what"):
        table.add_column(name, overflow="fold")
    for outcome in outcomes:
        what = [_told(step) for step in outcome.steps] + [outcome.failure] * bool(outcome.failure)
        what += [f"→ {outcome.advice}"] * bool(outcome.advice)
        table.add_row(Text(outcome.host), outcome.state, Text("\n".join(what)))
    for each in left_out:
        table.add_row(
            Text(each.host), "failed" if each.status is HostStatus.UNREACHABLE else "left out", Text(each.reason)
        )
    stdout().print(table)
