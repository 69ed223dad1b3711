"""opsharden verify: look, change nothing."""

from __future__ import annotations

import typer

from opsharden.cli import options
from opsharden.cli.console import data, said
from opsharden.cli.progress import HostProgress
from opsharden.cli.result import deliver
from opsharden.model import Severity
from opsharden.report import outputs
from opsharden.workflows.filing import open_store
from opsharden.workflows.verify import verify as verify_targets
from opsharden.workflows.workplace import choose, open_workplace


def verify(  # noqa: PLR0913, PLR0917 - one parameter per option of the command line
    pattern: options.Pattern = "all",
    inventory: options.InventoryOption = None,
    limit: options.Limit = None,
    profile: options.Profile = None,
    control: options.ControlOption = None,
    output: options.Output = None,
    fail_on: options.FailOn = Severity.LOW,
    exit_zero: options.ExitZero = False,
    forks: options.Forks = None,
    extra_vars: options.ExtraVars = None,
    ask_become_pass: options.AskBecomePass = False,
    become_password_file: options.BecomePasswordFile = None,
    ask_vault_password: options.AskVaultPassword = False,
    vault_password_file: options.VaultPasswordFile = None,
) -> None:
    """Look at every host and say which controls hold. Nothing is changed.

    Every answer of every host is filed as evidence; `opsharden runs` finds it again.

    Examples:
      opsharden verify                         all hosts of the inventory
      opsharden verify web -l '!web3'          a group without one host
      opsharden verify localhost               this machine, no inventory needed
      opsharden verify -o table html:r.html    a report beside the table

    Exit codes: 0 clean, 3 findings, 4 incomplete (a host or a check could not be looked at).
    """
    wanted = outputs.parse(output or ())
    settings = options.settings_from(inventory, forks)
    access = options.access_from(
        extra_vars=extra_vars,
        ask_become_pass=ask_become_pass,
        become_password_file=become_password_file,
        ask_vault_password=ask_vault_password,
        vault_password_file=vault_password_file,
    )
    place = open_workplace(settings, access)
    targets = choose(place, options.choice_from(pattern, limit, profile, control))
    with open_store(place, [place.host(name) for name in targets.wanted]) as store:
        with HostProgress(said(), "Verifying", len(targets.wanted)) as progress:
            run_id = verify_targets(place, targets, store, progress.host, fail_on=fail_on)
        code = deliver(store.record(run_id, observations=True), wanted, data(), said())
    raise typer.Exit(0 if exit_zero else code)
