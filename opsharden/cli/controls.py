"""opsharden controls: the catalogue."""

from __future__ import annotations

import json
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from opsharden import settings
from opsharden.catalogue import Catalogue, load_catalogue
from opsharden.cli.console import data
from opsharden.model import Control
from opsharden.model.plain import plain


def controls(
    control: Annotated[str | None, typer.Argument(metavar="[ID]", help="One control, in full.")] = None,
    profile: Annotated[str | None, typer.Option("--profile", metavar="NAME", help="Only those of a profile.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """List the controls at hand, or show one in full.

    Examples:
      opsharden controls
      opsharden controls --profile backup
      opsharden controls ssh-no-root
    """
    here = settings.load()
    catalogue = load_catalogue(here.roles, here.profile_dirs)
    ids = catalogue.known([control]) if control else tuple(catalogue.controls)
    if profile:
        ids = tuple(each for each in catalogue.selected([profile]) if each in ids)
    chosen = [catalogue.controls[each] for each in ids]
    if as_json:
        data().print_json(json.dumps(plain(chosen)))
    elif control:
        _in_full(chosen[0], catalogue)
    else:
        _list(chosen)


def _list(chosen: list[Control]) -> None:
    table = Table(box=None, pad_edge=False)
    for name in ("control", "role", "severity", "level", "title"):
        table.add_column(name, no_wrap=name != "title")
    for each in chosen:
        table.add_row(each.id, each.role, each.severity.value, str(each.level or "-"), Text(each.title))
    data().print(table)


def _in_full(control: Control, catalogue: Catalogue) -> None:
    console = data()
    inside = [name for name, profile in catalogue.profiles.items() if control.id in profile.controls]
    console.print(Text(f"{control.id}: {control.title}", style="bold"))
    console.print(Text(control.why))
    facts = plain(control)
    facts |= {"profiles": ", ".join(inside) or "none"}
    facts |= {name: ", ".join(numbers) for name, numbers in facts.pop("references").items()}
    for name, value in facts.items():
        if name in ("id", "title", "why"):
            continue
        shown = ", ".join(map(str, value)) if isinstance(value, list) else value
        console.print(Text(f"  {name}: {shown}"))
