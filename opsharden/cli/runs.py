"""opsharden runs: what was done so far, and how it compares."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from opsharden import settings
from opsharden.cli import options
from opsharden.cli.console import say, stdout, table
from opsharden.cli.listing import ListOutput, Output, print_json
from opsharden.evidence import Difference, Shift, Turn
from opsharden.model import Run, Verdict
from opsharden.report import outputs
from opsharden.report.lines import sentences
from opsharden.report.text import counted, duration, moment
from opsharden.visible import visible
from opsharden.workflows import exitcode, runs

app = typer.Typer(
    add_completion=False, rich_markup_mode=None, help="Look at the runs on file and compare them.", no_args_is_help=True
)

_NAMED = 3
_REFERENCE = "A run id, the beginning of one, or `latest`."


@app.command("list")
def list_command(
    output: ListOutput = Output.TABLE,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="How many at most.")] = 20,
) -> None:
    """List runs, newest first, with what each came to.

    The last column is the exit code: 0 clean, 1 our error, 3 findings, 4 incomplete.

    Example: opsharden runs list --limit 5
    """
    found = runs.listed(settings.load().database, limit=limit)
    if output is Output.JSON:
        print_json([asdict(run) for run in found])
    else:
        table().print(_run_table(found))
    if len(found) == limit:
        say(f"The newest {counted(limit, 'run')}; --limit shows more.")


@app.command("show")
def show_command(
    run: Annotated[str, typer.Argument(metavar="RUN", help=_REFERENCE)] = "latest",
    output: options.Output = None,
    verbose: options.Verbose = False,
) -> None:
    """Show one run as it was reported when it ended.

    Example: opsharden runs show 20261124-1430 -o table html:run.html
    """
    wanted = outputs.parse(output or [])
    record = runs.shown(settings.load().database, run, observations=outputs.show_observations(wanted))
    for path in outputs.write(wanted, record, stdout(), verbose=verbose):
        say(f"written to: {path}")


@app.command("diff")
def diff_command(
    before: Annotated[str | None, typer.Argument(metavar="[BEFORE]", help=_REFERENCE)] = None,
    after: Annotated[str | None, typer.Argument(metavar="[AFTER]", help=_REFERENCE)] = None,
    output: ListOutput = Output.TABLE,
) -> None:
    """Say what got worse and what got better between two runs.

    Without arguments it compares the two latest verify runs that came to their end; with one, that run with the latest.
    What could not be looked at any more is never called better. Exit code 3 where something got worse, 4 where nothing
    did but we lost sight of something, else 0.

    Example: opsharden runs diff 20261123 latest && echo "no worse than yesterday"
    """
    found = runs.compared(settings.load().database, before, after)
    if output is Output.JSON:
        print_json(asdict(found))
    else:
        _print_difference(found)
    raise typer.Exit(exitcode.of_difference(found))


def _run_table(found: tuple[Run, ...]) -> Table:
    table = Table("run", "verb", "state", "started", "took", "by", "profiles", "exit", box=None, pad_edge=False)
    for run in found:
        table.add_row(
            run.id,
            run.verb,
            run.state,
            moment(run.started_at),
            duration((run.ended_at - run.started_at).total_seconds()) if run.ended_at else "",
            Text(f"{visible(run.operator)}@{visible(run.control_node)}"),
            Text(" ".join(run.profiles)),
            "" if run.exit_code is None else str(run.exit_code),
        )
    return table


_HEADINGS = {
    Turn.WORSE: "got worse",
    Turn.LOST_SIGHT: "lost sight of",
    Turn.BETTER: "got better",
    Turn.NEW: "new",
    Turn.OTHER: "otherwise changed",
}


def _print_difference(found: Difference) -> None:
    console = table()
    console.print(f"from {found.before.id} to {found.after.id}", highlight=False)
    for turn, heading in _HEADINGS.items():
        if shifts := found.turned(turn):
            console.print(f"\n{heading}: {len(shifts)}", highlight=False)
            console.print(_shift_table(shifts))
            for line in _by_hand(shifts):
                console.print(line)
    console.print()
    for heading, names in (
        ("new hosts", found.new_hosts),
        ("hosts gone", found.gone_hosts),
        ("new controls", found.new_controls),
        ("controls gone", found.gone_controls),
    ):
        if names:
            console.print(Text(f"{heading}: {', '.join(names)}"))
    console.print(f"still failing: {found.still_failing}   still not looked at: {found.still_blind}", highlight=False)


def _shift_table(shifts: tuple[Shift, ...]) -> Table:
    table = Table("severity", "control", "host", "before", "after", "reason", box=None, pad_edge=False)
    alike: dict[tuple[str, ...], list[str]] = {}
    for shift in shifts:
        first_line = shift.reason.strip().partition("\n")[0]
        what = shift.control or counted(shift.controls, "control")
        words = (shift.severity or "", what, shift.before or "-", shift.after or "-", first_line)
        alike.setdefault(words, []).append(shift.host)
    for (severity, what, before, after, reason), hosts in alike.items():
        # Many hosts that went the same way are one thing to read; JSON has them all.
        for name in [_some(hosts)] if len(hosts) > _NAMED + 1 else hosts:
            table.add_row(severity, Text(what), Text(visible(name)), before, after, Text(visible(reason)))
    return table


def _by_hand(shifts: tuple[Shift, ...]) -> Iterator[Text]:
    """What apply leaves to the administrator of what fails now, each sentence once with the hosts it is about."""
    alike: dict[tuple[str, str], list[str]] = {}
    for shift in shifts:
        for sentence in sentences(shift.by_hand, shift.by_apply) if shift.after is Verdict.FAIL else ():
            alike.setdefault((shift.control, sentence), []).append(shift.host)
    for (control, sentence), hosts in alike.items():
        yield Text(visible(f"by hand: {control} on {_some(hosts)}: {sentence}"))


def _some(hosts: Sequence[str]) -> str:
    if len(hosts) <= _NAMED + 1:
        return ", ".join(hosts)
    return f"{', '.join(hosts[:_NAMED])} and {len(hosts) - _NAMED:,} more"
