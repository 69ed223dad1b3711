"""opsharden config: the settings that hold here."""

from __future__ import annotations

import json
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from opsharden import settings
from opsharden.cli.console import stdout


def config(
    schema: Annotated[bool, typer.Option("--schema", help="The JSON schema of opsharden.toml instead.")] = False,
) -> None:
    """Show the settings that hold here, and where each comes from.

    Flags win over OPSHARDEN_<NAME> variables, which win over opsharden.toml.

    Example:
      OPSHARDEN_FORKS=50 opsharden config
    """
    if schema:
        stdout().print_json(json.dumps(settings.Settings.model_json_schema()))
        return
    here, sources = settings.effective()
    table = Table(box=None, pad_edge=False)
    for name in ("setting", "value", "from"):
        table.add_column(name, overflow="fold")
    for name, source in sources.items():
        value = getattr(here, name)
        shown = ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)
        table.add_row(name, Text("-" if value is None else shown), "where you are" if name == "project" else source)
    stdout().print(table)
