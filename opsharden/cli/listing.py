"""How lists and what they are of are printed: a table for people, JSON for programs."""

from __future__ import annotations

import json
from datetime import datetime
from enum import StrEnum
from typing import Annotated

import typer

from opsharden.cli.console import stdout


class Output(StrEnum):
    """How a list, or one of its rows in full, is printed."""

    TABLE = "table"
    JSON = "json"


ListOutput = Annotated[
    Output, typer.Option("-o", "--output", help="A table for people or JSON for programs, on stdout.")
]


def print_json(value: object) -> None:
    """Print a value that consists of what JSON has, and of moments."""
    text = json.dumps(value, indent=1, default=_plain)
    stdout().print(text, markup=False, highlight=False, soft_wrap=True)


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    raise TypeError(f"{value!r} has no JSON form")
