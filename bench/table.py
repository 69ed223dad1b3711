"""The one table, and the file beside it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from bench.rows import Aim, Row

_MET = {True: Text("yes", "green"), False: Text("no", "red"), None: Text("-")}


def show(rows: Sequence[Row], title: str, console: Console) -> None:
    """Print all rows."""
    table = Table(title=title, show_lines=True)
    table.add_column("measure", ratio=3)
    table.add_column("value", no_wrap=True, justify="right")
    table.add_column("aim", no_wrap=True, justify="right")
    table.add_column("met")
    table.add_column("how", ratio=5)
    for row in rows:
        aim = "-" if row.aim.at_most is None else f"≤ {figure(row.aim, row.aim.at_most)}"
        table.add_row(row.aim.measure, figure(row.aim, row.reading.value), aim, _MET[row.met], Text(row.reading.how))
    console.print(table)


def write(rows: Sequence[Row], path: Path) -> None:
    """Write all rows as JSON."""
    path.write_text(json.dumps([row.plain() for row in rows], indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def figure(aim: Aim, value: float | None) -> str:
    """A value for people: small ratios as fractions."""
    if value is None:
        return "-"
    if aim.unit:
        return f"{value:.2f} {aim.unit}" if aim.unit == "s" else f"{value:.0f} {aim.unit}"
    return f"1/{1 / value:.0f}" if 0 < value < 0.2 else f"{value:.2f}"
