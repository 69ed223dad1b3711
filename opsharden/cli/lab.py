"""opsharden lab: throwaway real hosts on this machine."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from opsharden import lab
from opsharden.errors import UsageError
from opsharden.lab.spec import DEFAULT_ID

app = typer.Typer(help="Throwaway real hosts on this machine, to try things on.", no_args_is_help=True)


@app.command("up")
def up_command(  # noqa: PLR0913, PLR0917 - one parameter per option of the command line
    debian12: Annotated[int, typer.Option(min=0, help="How many Debian 12 hosts.")] = 1,
    debian13: Annotated[int, typer.Option(min=0, help="How many Debian 13 hosts.")] = 1,
    hub: Annotated[bool, typer.Option("--hub", help="One more host, for monitoring and backups.")] = False,
    without_python: Annotated[
        int, typer.Option(min=0, help="How many hosts of each release, the first ones, come without python3.")
    ] = 0,
    lab_id: Annotated[str, typer.Option("--id", metavar="ID", help="The lab's name on this machine.")] = DEFAULT_ID,
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
) -> None:
    """Bring a lab up: real Debian hosts with systemd and sshd, as containers.

    Run again, it leaves hosts that run as they are and starts what is missing. Needs root and podman.
    """
    spec = lab.LabSpec(
        id=lab_id,
        debian12=debian12,
        debian13=debian13,
        hub=hub,
        without_python=without_python,
        images=dict(_suite_and_image(entry) for entry in image or ()),
        directory=directory,
    )
    progress = Console(stderr=True)
    here = lab.up(
        spec,
        raise_inotify_limit=raise_inotify_limit,
        say=lambda line: progress.print(line, highlight=False, markup=False, soft_wrap=True),
    )
    _print_table((here,))
    progress.print(f"inventory: {here.inventory}", highlight=False, markup=False, soft_wrap=True)


@app.command("list")
def list_command(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
) -> None:
    """Show the labs of this machine with their hosts."""
    labs = lab.labs()
    if as_json:
        typer.echo(json.dumps([_plain(here) for here in labs], indent=2))
    else:
        _print_table(labs)


@app.command("down")
def down_command(
    lab_id: Annotated[str | None, typer.Argument(metavar="[ID]", help="Which; not needed where there is one.")] = None,
) -> None:
    """Remove a lab: its hosts, its network, its files.

    The images stay for the next lab; `podman images` shows them, `podman rmi` frees them.
    """
    lab.down(lab_id or _only_lab())


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
    Console().print(table)
