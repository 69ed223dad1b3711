"""opsharden apply: bring about what fails."""

from __future__ import annotations

from typing import Annotated

import typer

from opsharden.cli import options
from opsharden.cli.console import stderr
from opsharden.cli.progress import Progress
from opsharden.cli.result import deliver
from opsharden.cli.trigger import person
from opsharden.model import Severity
from opsharden.report import outputs
from opsharden.workflows.apply import ApplyOptions
from opsharden.workflows.apply import apply as apply_targets
from opsharden.workflows.filing import open_store
from opsharden.workflows.targets import choose

Everything = Annotated[bool, typer.Option("--all", help="Every chosen control, not only what fails.")]
Check = Annotated[bool, typer.Option("-C", "--check", help="Say what would change; change nothing.")]


def apply(  # noqa: PLR0913, PLR0917 - one parameter per option of the command line
    pattern: options.Pattern = "all",
    inventory: options.InventoryOption = None,
    limit: options.Limit = None,
    profile: options.Profile = None,
    control: options.ControlOption = None,
    everything: Everything = False,
    check: Check = False,
    output: options.Output = None,
    verbose: options.Verbose = False,
    fail_on: options.FailOn = Severity.LOW,
    exit_zero: options.ExitZero = False,
    forks: options.Forks = None,
    extra_vars: options.ExtraVars = None,
    ask_become_pass: options.AskBecomePass = False,
    become_password_file: options.BecomePasswordFile = None,
    ask_vault_password: options.AskVaultPassword = False,
    vault_password_file: options.VaultPasswordFile = None,
    vault_id: options.VaultId = None,
) -> None:
    """Verify, bring about what fails through Ansible, and verify again what was touched.

    Only the controls that fail, only on the hosts where they fail: a fleet in order costs one look.

    Examples:
      opsharden apply                          what fails, everywhere
      opsharden apply web1 --control ssh-grace one control on one host
      opsharden apply --check                  what would change
      opsharden apply --all                    everything, whether it fails or not

    Exit codes: 0 clean, 3 findings are left, 4 incomplete (a host or a check could not be looked at, or a task failed
    that no finding tells of).
    """
    wanted = outputs.parse(output or ())
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
    targets = choose(place, options.choice_from(pattern, limit, profile, control))
    how = ApplyOptions(everything=everything, check=check, fail_on=fail_on)
    with open_store(place, [place.host(name) for name in targets.wanted]) as store:
        with Progress(stderr()) as progress:
            run_id = apply_targets(place, targets, store, person(), how, progress)
        code = deliver(store, run_id, wanted, verbose=verbose)
    raise typer.Exit(0 if exit_zero else code)
