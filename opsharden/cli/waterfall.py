"""Where the time of a verify went: one bar per host, on one scale."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from opsharden.workflows.timings import Step, Timings

_COLOURS = {
    "log in": ("=", "blue"),
    "become root": ("#", "magenta"),
    "wait for answers": ("~", "yellow"),
    "judge": ("*", "green"),
    "file": ("+", "cyan"),
}
_BESIDE = 34
"""Columns that the figures beside a bar take, without the host's name."""


def show(hosts: Sequence[Timings], console: Console) -> None:
    """Print the bars, those that began first on top, and what the signs mean."""
    end = max((step.began + step.seconds for each in hosts for step in each.steps), default=0.0)
    width = max(10, console.width - _BESIDE - max((len(each.host) for each in hosts), default=0))
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in ("host", f"0 to {end * 1000:.0f} ms", "ms", "asked ahead", "one by one"):
        table.add_column(title, justify="left" if title.startswith(("host", "0")) else "right", no_wrap=True)
    for each in sorted(hosts, key=lambda each: each.steps[0].began if each.steps else 0.0):
        total = sum(step.seconds for step in each.steps)
        ahead, single = each.questions
        table.add_row(each.host, _bar(each.steps, end, width), f"{total * 1000:.0f}", str(ahead), str(single))
    console.print(table, soft_wrap=True)
    totals = {
        name: sum(step.seconds for each in hosts for step in each.steps if step.name == name) for name in _COLOURS
    }
    legend = Text()
    for name, (sign, colour) in _COLOURS.items():
        legend.append(sign, colour).append(f" {name} {totals[name] * 1000 / max(1, len(hosts)):.0f} ms a host   ")
    console.print(legend, soft_wrap=True)


def _bar(steps: Sequence[Step], end: float, width: int) -> Text:
    bar = Text()
    for step in steps:
        sign, colour = _COLOURS[step.name]
        begin, stop = (round(moment / end * width) for moment in (step.began, step.began + step.seconds))
        bar.append(" " * (begin - len(bar)))
        bar.append(sign * (stop - len(bar)), colour)
    return bar
