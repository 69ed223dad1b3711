"""The terminal: what was run, where it hurts, and how to fix it. Nothing about what is fine."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from rich import box
from rich.console import Console, Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from opsharden.errors import Interrupted
from opsharden.model import ChangeStatus, ExitCode, HostStatus, Risk, RunRecord, RunState, Verdict
from opsharden.report.format import one_file
from opsharden.report.grouping import (
    BlindSpot,
    ControlGroup,
    Variant,
    blind_spots,
    by_control,
    by_task,
    excluded,
    unseen_again,
)
from opsharden.report.hanging import Hanging
from opsharden.report.lines import Line
from opsharden.report.score import Summary, Tally, summarise
from opsharden.report.text import NOTHING, counted, duration, moment, percent
from opsharden.visible import visible

COLOUR = {
    "pass": "green",
    "fail": "red",
    "error": "magenta",
    "unreachable": "magenta",
    "not_applicable": "dim",
    "critical": "bold red",
    "high": "red",
    "medium": "yellow",
    "low": "cyan",
}
_ASCII = str.maketrans({"…": "...", "—": "-", "✔": "ok", "×": "x", "·": "."})  # noqa: RUF001 - a cross is meant
_HOSTS, _VARIANTS, _CONTROLS, _LINES, _CHARACTERS = 8, 3, 8, 6, 240
_NAMES = 11
"""Columns for the names of what stands beside them, and the gap."""
_NOT_DONE = (ChangeStatus.FAILED, ChangeStatus.UNREACHABLE)
_CAME_TO = {
    ExitCode.CLEAN: "clean",
    ExitCode.ERROR: "an error of ours",
    ExitCode.USAGE: "usage",
    ExitCode.FINDINGS: "findings",
    ExitCode.INCOMPLETE: "incomplete: not everything could be looked at or done",
    Interrupted.exit_code: "interrupted",
}


def render(record: RunRecord) -> str:
    """The whole text; see `pieces`."""
    return "".join(pieces(record))


def pieces(record: RunRecord) -> Iterator[str]:
    """The same as plain text, 110 columns wide and with nothing cut: for a file or a mail."""
    text = io.StringIO()
    console = Console(file=text, width=110, color_system=None, force_terminal=False)
    for part in _Page(record, console, cut=False).parts():
        console.print(part, highlight=False, emoji=False)
        yield text.getvalue()
        text.seek(0)
        text.truncate()


def show(record: RunRecord, console: Console, *, cut: bool = True) -> None:
    """Print a run for people.

    Args:
        record: The run; its observations are not needed.
        console: Where to. Colour, width and encoding are taken from it; ASCII is used where it is not UTF-8.
        cut: Whether long lists and long texts are cut, with a count of what was left out; `-v` shows it.
    """
    page = _Page(record, console, cut)
    for part in page.parts():
        console.print(part, highlight=False, emoji=False)


@dataclass(frozen=True)
class _Page:
    record: RunRecord
    console: Console
    cut: bool

    def parts(self) -> Iterable[RenderableType]:
        summary = summarise(self.record)
        yield self.header(summary)
        yield from self.absent()
        if summary.roles:
            yield self.grid(summary)
        yield Text()
        for group in by_control(self.record.findings, self.record.controls):
            if group.verdict is Verdict.FAIL:
                yield from self.control(group)
        for spot in blind_spots(self.record):
            yield from self.blind(spot)
        yield from self.changes()
        yield self.conclusion(summary)

    def text(self, text: str, style: str = "") -> Text:
        """Anything as harmless text this console can encode. Never markup: hosts write some of it."""
        return Text(self.harmless(text), style)

    def harmless(self, text: str) -> str:
        """The same as a plain string."""
        harmless = visible(text)
        if self.console.options.ascii_only:
            plain = harmless.translate(_ASCII)
            harmless = plain.encode("ascii", "backslashreplace").decode()
        return harmless

    def header(self, summary: Summary) -> RenderableType:
        run, population = self.record.run, summary.population
        took = f", took {duration((run.ended_at - run.started_at).total_seconds())}" if run.ended_at else ""
        hosts = f"{len(self.record.members)} targeted = " + " + ".join(
            f"{population[status]} {status.value}" for status in HostStatus
        )
        rows = {
            "run": f"{run.id} by {run.operator} on {run.control_node}",
            "when": moment(run.started_at) + took,
            "command": run.command,
            "profile": ", ".join(run.profiles) or NOTHING,
            "inventory": run.inventory_digest[:16] or NOTHING,
            "hosts": hosts,
        }
        table = self.pairs((name, self.text(value)) for name, value in rows.items())
        if run.state is not RunState.COMPLETE:
            notice = self.text(
                f"This run is {run.state.value}, not complete. What follows is what it got to.", "bold red"
            )
            table = Group(notice, table)
        return Panel(table, title=self.text(f"opsharden {run.verb}"), title_align="left", border_style="dim")

    def absent(self) -> Iterable[RenderableType]:
        for reason, hosts in excluded(self.record.members).items():
            line = self.listed(hosts, _HOSTS, "host").append(f" excluded: {self.harmless(reason or 'no reason given')}")
            line.stylize("dim")
            yield self.marked(self.text("·", "dim"), line)

    def grid(self, summary: Summary) -> Table:
        """Failures of what was judged, per role and severity, weakest role first."""
        table = Table(
            box=box.SIMPLE_HEAD,
            pad_edge=False,
            padding=(0, 1),
            collapse_padding=True,
            title="failing / judged",
            title_justify="left",
            title_style="dim",
        )
        table.add_column("role", overflow="fold", min_width=8)
        for severity in summary.severities:
            table.add_column(severity.value, justify="right", no_wrap=True)
        table.add_column("score", justify="right", no_wrap=True)
        if summary.whole.blind:
            table.add_column("unseen", justify="right", no_wrap=True)
        for role, tally in summary.roles.items():
            cells = [self.cell(summary.grid.get((role, severity), Tally({}))) for severity in summary.severities]
            cells.append(self.text(percent(tally.score)))
            if summary.whole.blind:
                cells.append(self.text(str(tally.blind), COLOUR["error"]) if tally.blind else self.text("·", "dim"))
            table.add_row(self.text(role), *cells)
        return table

    def cell(self, tally: Tally) -> Text:
        judged = tally.passed + tally.failed
        if tally.failed:
            return self.text(f"{tally.failed}/{judged}", COLOUR["fail"])
        if judged:
            return self.text(f"✔ {judged}", COLOUR["pass"])
        return self.text("?", COLOUR["error"]) if tally.blind else self.text("·", "dim")

    def control(self, group: ControlGroup) -> Iterable[RenderableType]:
        control = group.control
        failing = [variant for variant in group.variants if variant.verdict is Verdict.FAIL]
        title = self.text(control.severity.value, COLOUR[control.severity])
        title.append("  ").append_text(self.text(control.id, "bold")).append("  ")
        title.append_text(self.text(control.title))
        yield self.marked(self.text("×", COLOUR["fail"]), title)  # noqa: RUF001 - a cross is meant
        for variant in failing if not self.cut else failing[:_VARIANTS]:
            yield self.indented(self.variant(variant))
        if self.cut and (rest := failing[_VARIANTS:]):
            hosts = sum(variant.number for variant in rest)
            line = f"and differently on {counted(hosts, 'more host')}: -v"
            yield self.indented([("…", self.text(line, "dim"))])
        if group.fix:
            risk = "  (can lock you out or stop a service)" if control.risk is not Risk.NONE else ""
            yield self.indented([("fix", self.text(group.fix).append(risk, COLOUR["medium"]))])
        yield Text()

    def variant(self, variant: Variant) -> list[tuple[str, RenderableType]]:
        rows: list[tuple[str, RenderableType]] = [
            ("hosts" if variant.number > 1 else "host", self.listed(variant.hosts, _HOSTS, "host"))
        ]
        lines = variant.lines
        if lines and not lines[0].what:
            rows.append(("is", self.lines(lines[0].found or "empty", COLOUR["fail"])))
            rows.append(("should be", self.lines(lines[0].wanted or "empty", COLOUR["pass"])))
        elif lines:
            rows.append(("found", self.compared(lines)))
        elif variant.reason:
            rows.append(("reason", self.lines(variant.reason)))
        if variant.left:
            rows.append(("by hand", self.lines("\n".join(variant.left))))
        return rows

    def compared(self, lines: Sequence[Line]) -> RenderableType:
        """A line for each thing that is amiss: what, what it is, what it should be, and where that is set."""
        shown = lines if not self.cut or len(lines) <= _LINES + 1 else lines[:_LINES]
        if len(lines) == 1:
            return self.thing(lines[0])
        rows = [self.marked(self.text("·", "dim"), self.thing(line)) for line in shown]
        rest = self.more(Text(), len(lines) - len(shown), "line")
        return Group(*rows, *([rest] if rest else []))

    def thing(self, line: Line) -> Text:
        text = self.text(f"{self.short(line.what)}: ", "bold")
        text = Text().append_text(text).append_text(self.text(self.short(line.found or "empty"), COLOUR["fail"]))
        text.append(", should be ").append_text(self.text(self.short(line.wanted or "empty"), COLOUR["pass"]))
        return text.append_text(self.text(f"  ({line.where})" if line.where else "", "dim"))

    def short(self, value: str) -> str:
        """A value on its line: cut where it is long."""
        over = len(value) - _CHARACTERS
        cut = self.cut and over > _CHARACTERS // 6
        return f"{value[:_CHARACTERS]}… ({counted(over, 'more character')}: -v)" if cut else value

    def more(self, text: Text, rest: int, noun: str) -> Text:
        """What was left out, and how to see it."""
        if not rest:
            return text
        return text.append("\n" if text else "").append_text(self.text(f"… {counted(rest, f'more {noun}')}: -v", "dim"))

    def blind(self, spot: BlindSpot) -> Iterable[RenderableType]:
        title = self.text(spot.verdict.value, COLOUR[spot.verdict]).append("  ")
        yield self.marked(
            self.text("!", COLOUR[spot.verdict]), title.append_text(self.lines(spot.reason or "no reason given"))
        )
        yield self.indented(
            [
                ("hosts" if len(spot.hosts) > 1 else "host", self.listed(spot.hosts, _HOSTS, "host")),
                ("not seen", self.controls(spot.controls)),
            ]
        )
        yield Text()

    def controls(self, controls: Sequence[str]) -> Text:
        if self.cut and len(controls) == len(self.record.controls) > 1:
            return self.text(f"all {counted(len(controls), 'control')}")
        return self.listed(controls, _CONTROLS, "control")

    def changes(self) -> Iterable[RenderableType]:
        """What Ansible did: what failed, and of what it changed, that which has something to say."""
        changes = self.record.changes
        if not changes:
            return
        changed = [change for change in changes if change.status is ChangeStatus.CHANGED]
        failed = sum(change.status in _NOT_DONE for change in changes)
        hosts = len({change.host for change in changed})
        told = f"{counted(len(changed), 'change')} on {counted(hosts, 'host')}"
        yield self.text(told + (f", {counted(failed, 'task')} not done" if failed else ""), "bold")
        for group in by_task(changes):
            if group.status is ChangeStatus.CHANGED and self.cut and not group.message:
                continue
            what = f"{group.role} : {group.task}" if group.role else group.task
            yield self.text(f"  {group.status.value}  {what}", COLOUR["fail"] if group.status in _NOT_DONE else "")
            rows = [("hosts" if len(group.hosts) > 1 else "host", self.listed(group.hosts, _HOSTS, "host"))]
            yield self.indented(rows + ([("message", self.lines(group.message))] if group.message else []))
        if lost := unseen_again(self.record):
            yield self.marked(
                self.text("!", COLOUR["error"]),
                self.text("touched, and could not be looked at again: ", COLOUR["error"]).append_text(
                    self.listed(lost, _HOSTS, "host")
                ),
            )
        yield Text()

    def conclusion(self, summary: Summary) -> Text:
        whole = summary.whole
        line = Text()
        for verdict in (Verdict.FAIL, Verdict.ERROR, Verdict.UNREACHABLE, Verdict.PASS, Verdict.NOT_APPLICABLE):
            number = whole.of(verdict)
            words = f"{number:,} {verdict.value.replace('_', ' ')}"
            line.append_text(self.text(words, COLOUR[verdict] if number else "dim")).append("  ")
        score = f"\nscore {percent(whole.score)} of what was judged, coverage {percent(whole.coverage)}"
        line.append_text(self.text(score, "bold"))
        code = self.record.run.exit_code
        if code is not None:
            line.append_text(self.text(f"\nexit code {code}: {_CAME_TO.get(code, 'other')}"))
        return line

    def listed(self, names: Sequence[str], limit: int, noun: str) -> Text:
        shown = names if not self.cut or len(names) <= limit + 1 else names[:limit]
        text = ", ".join(shown)
        if rest := len(names) - len(shown):
            text += f" and {counted(rest, f'more {noun}')}"
        return self.text(text)

    def lines(self, text: str, style: str = "") -> Text:
        lines = text.strip("\n").split("\n")
        shown = lines if not self.cut or len(lines) <= _LINES + 1 else lines[:_LINES]
        whole = self.text("\n".join(map(self.short, shown)), style)
        return self.more(whole, len(lines) - len(shown), "line")

    def marked(self, mark: Text, line: Text) -> Hanging:
        """A line with a mark before it."""
        return Hanging(mark, mark.cell_len + 1, (line,))

    def indented(self, rows: Iterable[tuple[str, RenderableType]]) -> RenderableType:
        return self.pairs(rows, indent=4)

    def pairs(self, rows: Iterable[tuple[str, RenderableType]], indent: int = 0) -> RenderableType:
        """Names, and what stands beside each."""
        width = indent + _NAMES
        return Group(*(Hanging(self.text(" " * indent + name, "dim"), width, (value,)) for name, value in rows))


FORMAT = one_file("table", pieces, show=lambda record, console, cut: show(record, console, cut=cut))
