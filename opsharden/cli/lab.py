"""opsharden lab: throwaway real hosts on this machine."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from opsharden import lab, settings
from opsharden.cli.console import say, stdout
from opsharden.errors import OpshardenError, UsageError
from opsharden.lab.spec import DEFAULT_ID

app = typer.Typer(
    add_completion=False,
    rich_markup_mode=None,
    help="Throwaway real hosts on this machine, to try things on.",
    no_args_is_help=True,
)


Id = Annotated[str | None, typer.Argument(metavar="[ID]", help="The lab's name on this machine.", show_default=False)]
SameId = Annotated[str | None, typer.Option("--id", metavar="ID", hidden=True, help="The same as ID.")]


@app.command("up")
def up_command(  # noqa: PLR0913, PLR0917 - one parameter per option of the command line
    lab_id: Id = None,
    debian12: Annotated[int, typer.Option(min=0, help="How many Debian 12 hosts.")] = 1,
    debian13: Annotated[int, typer.Option(min=0, help="How many Debian 13 hosts.")] = 1,
    hub: Annotated[bool, typer.Option("--hub", help="One more host, for monitoring and backups.")] = False,
    without_python: Annotated[
        int, typer.Option(min=0, help="How many hosts of each release, the first ones, come without python3.")
    ] = 0,
    directory: Annotated[
        Path | None,
        typer.Option("--dir", metavar="DIR", help="Where its files go.", show_default=".opsharden/lab/ID"),
    ] = None,
    image: Annotated[
        list[str] | None,
        typer.Option(metavar="SUITE=IMAGE", help="Use this image for bookworm or trixie instead of building one."),
    ] = None,
    raise_inotify_limit: Annotated[
        bool,
        typer.Option(
            "--raise-inotify-limit",
            help="If so many hosts need it, raise this machine's fs.inotify.max_user_instances until `lab down`.",
        ),
    ] = False,
    same_id: SameId = None,
) -> None:
    """Bring a lab up: real Debian hosts with systemd and sshd, as containers.

    Run again, it leaves hosts that run as they are and starts what is missing. Needs root and podman. Under sudo its
    files are those of the user who called sudo.

    Examples:
      opsharden lab up
      opsharden lab up demo --debian12 2 --debian13 2 --hub
    """
    spec = lab.LabSpec(
        id=_one(lab_id, same_id) or DEFAULT_ID,
        debian12=debian12,
        debian13=debian13,
        hub=hub,
        without_python=without_python,
        images=dict(_suite_and_image(entry) for entry in image or ()),
        directory=directory,
    )
    here = lab.up(spec, raise_inotify_limit=raise_inotify_limit, say=say)
    _print_table((here,))
    say(f"inventory: {here.inventory}")


@app.command("list")
def list_command(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
) -> None:
    """Show the labs of this machine with their hosts."""
    labs = lab.labs()
    if as_json:
        stdout().print_json(json.dumps([_plain(here) for here in labs]))
    else:
        _print_table(labs)


@app.command("down")
def down_command(
    lab_id: Annotated[str | None, typer.Argument(metavar="[ID]", help="Which; not needed where there is one.")] = None,
    same_id: SameId = None,
) -> None:
    """Remove a lab: its hosts, its network, its files.

    The images stay for the next lab; `podman images` shows them, `podman rmi` frees them.
    """
    here = _one(lab_id, same_id) or _only_lab()
    home = next((each.home for each in lab.labs() if each.id == here), None)
    lab.down(here)
    for source in _left_in_settings(home):
        say(
            f"{settings.FILE} still names {source}, which is gone: take it out of `inventory` there, "
            "or bring the lab up again."
        )


def _left_in_settings(home: Path | None) -> list[str]:
    """Sources of a lab's that the settings here still name, once the lab is gone."""
    try:
        sources = settings.load().inventory
    except OpshardenError:
        return []  # what is wrong with the settings is not for here
    return [source for source in sources if home and Path(source).is_relative_to(home) and not Path(source).exists()]


def _one(given: str | None, same: str | None) -> str | None:
    if given and same and given != same:
        raise UsageError(f"Two labs are named: {given} and {same}.", "Name one.")
    return given or same


def _suite_and_image(entry: str) -> tuple[lab.Suite, str]:
    suite, _, image = entry.partition("=")
    if suite not in set(lab.Suite) or not image:
        raise UsageError(
            f"'{entry}' does not name an image for a suite.", f"Write SUITE=IMAGE; suites are: {', '.join(lab.Suite)}."
        )
    return lab.Suite(suite), image


def _only_lab() -> str:
    ids = [here.id for here in lab.labs()]
    if len(ids) == 1:
        return ids[0]
    if not ids:
        raise UsageError("There is no lab on this machine.", "Nothing is left to remove.")
    raise UsageError(f"There are {len(ids)} labs on this machine.", f"Say which: {', '.join(ids)}.")


def _plain(here: lab.Lab) -> dict[str, object]:
    hosts = [
        {
            "name": host.name,
            "address": host.address,
            "suite": str(host.suite),
            "container": host.container,
            "state": host.state,
        }
        for host in here.hosts
    ]
    return {"id": here.id, "directory": str(here.home), "hosts": hosts}


def _print_table(labs: tuple[lab.Lab, ...]) -> None:
    table = Table("lab", "host", "address", "suite", "state", box=None)
    for here in labs:
        for host in here.hosts:
            table.add_row(here.id, host.name, host.address, str(host.suite), host.state)
    stdout().print(table)
