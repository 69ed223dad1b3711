"""opsharden verify: look, change nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from opsharden.cli import options
from opsharden.errors import UsageError
from opsharden.model import Severity
from opsharden.workflows.scan import reaching
from opsharden.workflows.targets import choose

if TYPE_CHECKING:
    from collections.abc import Sequence

    from opsharden.workflows.timings import Timings

ReplayOption = Annotated[
    str | None,
    typer.Option("--replay", metavar="RUN", help="Ask no host: judge again what a run observed; `latest`, or its id."),
]
ProfileTime = Annotated[bool, typer.Option("--profile-time", help="Show on stderr where each host's time went.")]


def verify(  # noqa: PLR0913, PLR0917 - one parameter per option of the command line
    pattern: options.Pattern = "all",
    inventory: options.InventoryOption = None,
    limit: options.Limit = None,
    profile: options.Profile = None,
    control: options.ControlOption = None,
    replay_run: ReplayOption = None,
    profile_time: ProfileTime = False,
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
    """Look at every host and say which controls hold. Nothing is changed.

    Every answer of every host is filed as evidence; `opsharden runs` finds it again.

    Examples:
      opsharden verify                         all hosts of the inventory
      opsharden verify web -l '!web3'          a group without one host
      opsharden verify localhost               this machine, no inventory needed
      opsharden verify -o table html:r.html    a report beside the table
      opsharden verify --replay latest         the verdicts again, from the evidence alone

    Exit codes: 0 clean, 3 findings, 4 incomplete (a host or a check could not be looked at).
    """
    # Each part is loaded when it is its turn: with a verify, that is while hosts are being reached, which takes longer.
    if output:
        _refuse_unknown(output)  # a report that cannot be had is said before any host is touched
    if replay_run is not None:
        _refuse_narrowed(pattern, limit, profile, control)
        code = _replay(replay_run, output or (), fail_on, verbose=verbose)
        raise typer.Exit(0 if exit_zero else code)
    settings = options.settings_from(inventory, forks)
    access = options.access_from(
        extra_vars=extra_vars,
        ask_become_pass=ask_become_pass,
        become_password_file=become_password_file,
        ask_vault_password=ask_vault_password,
        vault_password_file=vault_password_file,
        vault_id=vault_id,
    )
    options.tell_of_everybody(pattern, limit)
    place = options.opened(settings, access)
    targets = choose(place, options.choice_from(pattern, limit, profile, control))
    with reaching(place, targets) as hosts:
        from opsharden.cli.scanning import Shown, look  # noqa: PLC0415

        timings, code = look(place, targets, hosts, fail_on, Shown(output or (), verbose, profile_time))
    if profile_time:
        _draw(timings)
    raise typer.Exit(0 if exit_zero else code)


def _refuse_unknown(output: Sequence[str]) -> None:
    from opsharden.report import outputs  # noqa: PLC0415

    outputs.parse(output)


def _refuse_narrowed(*narrowed: str | list[str] | None) -> None:
    if narrowed != ("all", None, None, None):
        raise UsageError(
            "A replay is of a whole run, so it takes no hosts, profiles or controls.", "Leave them out, or --replay."
        )


def _replay(run: str, output: Sequence[str], fail_on: Severity, *, verbose: bool) -> int:
    from opsharden.cli.replaying import replay  # noqa: PLC0415

    return replay(run, output, fail_on, verbose=verbose)


def _draw(timings: Sequence[Timings]) -> None:
    from opsharden.cli import waterfall  # noqa: PLC0415
    from opsharden.cli.console import stderr  # noqa: PLC0415

    waterfall.show(timings, stderr())
