"""opsharden init: a folder to work in."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from opsharden.cli.console import stderr
from opsharden.workflows.init import init as make_project


def init(
    folder: Annotated[Path, typer.Argument(metavar="[FOLDER]", help="Where to make the project.")] = Path(),
) -> None:
    """Make a folder to work in: settings, an inventory to fill in, a key pair for the automation account.

    What is there already is left as it is.

    Example:
      opsharden init ops && cd ops     then edit inventory/hosts.yml
    """
    made = make_project(folder)
    console = stderr()
    for path in made:
        console.print(f"made: {path}", markup=False, highlight=False, soft_wrap=True)
    if not made:
        console.print("Everything is there already; nothing was changed.")
    console.print("next: put your hosts into inventory/hosts.yml, then `opsharden bootstrap -u USER --ask-pass`.")
