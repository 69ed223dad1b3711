"""opsharden verify: look, change nothing."""

from __future__ import annotations

from typing import Annotated

import typer

from opsharden import settings as all_settings
from opsharden.cli import options, waterfall
from opsharden.cli.console import data, said
from opsharden.cli.progress import HostProgress
from opsharden.cli.result import deliver
from opsharden.errors import UsageError
from opsharden.evidence import Store
from opsharden.model import Severity
from opsharden.report import outputs
from opsharden.workflows.filing import open_store
from opsharden.workflows.looking import Seen
from opsharden.workflows.replay import Replay, replay
from opsharden.workflows.verify import verify as verify_targets
from opsharden.workflows.workplace import Access, choose, open_workplace

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
      opsharden verify --replay latest         the verdicts again, from the evidence alone

    Exit codes: 0 clean, 3 findings, 4 incomplete (a host or a check could not be looked at).
    """
    wanted = outputs.parse(output or ())
    if replay_run is not None:
        code = _replay(
            replay_run, wanted, fail_on, given=(pattern, limit, profile, control) != ("all", None, None, None)
        )
        raise typer.Exit(0 if exit_zero else code)
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
    seen: list[Seen] = []
    with open_store(place, [place.host(name) for name in targets.wanted]) as store:
        with HostProgress(said(), "Verifying", len(targets.wanted)) as progress:

            def on_host(host: Seen) -> None:
                seen.append(host)
                progress.host(host)

            run_id = verify_targets(place, targets, store, on_host, fail_on=fail_on)
        code = deliver(store.record(run_id, observations=True), wanted, data(), said())
    if profile_time:
        waterfall.show([host.laps for host in seen], said())
    raise typer.Exit(0 if exit_zero else code)


def _replay(run: str, wanted: tuple[outputs.Output, ...], fail_on: Severity, *, given: bool) -> int:
    if given:
        raise UsageError(
            "A replay is of a whole run, so it takes no hosts, profiles or controls.", "Leave them out, or --replay."
        )
    # No inventory: a replay stands on what is on file, wherever it is made.
    settings = all_settings.load(flags={"inventory": ()})
    place = open_workplace(settings, Access())
    with Store.open(settings.database, create=False) as store:
        judged = replay(place, store, run, fail_on)
    outputs.write(wanted, judged.record, data())
    _tell(judged)
    return int(judged.record.run.exit_code or 0)


def _tell(judged: Replay) -> None:
    """Say how what comes out now compares with what was filed."""
    lines = [
        f"{each.derived.host}: {each.derived.control}: {each.derived.verdict}, filed as {each.filed.verdict}: "
        f"{each.derived.reason}"
        for each in judged.deviations
    ]
    if not judged.same_content:
        lines.append("The checks at hand are not, to the letter, those of the run.")
    same = len(judged.record.findings) - len(judged.deviations)
    lines.append(f"replayed {judged.record.run.id}: {same} of {len(judged.record.findings)} verdicts as filed")
    for line in lines:
        said().print(line, markup=False, highlight=False, soft_wrap=True)
