"""The terminal: what was run, where it hurts, and how to fix it. Nothing about what is fine."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rich import box
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from opsharden.model import ChangeStatus, HostStatus, Risk, RunRecord, RunState, Verdict
from opsharden.report.grouping import BlindSpot, ControlGroup, Variant, blind_spots, by_control, by_task
from opsharden.report.score import Summary, Tally, all_findings, summarise
from opsharden.report.text import NOTHING, counted, duration, moment, percent, visible

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
_HOSTS, _VARIANTS, _CONTROLS, _LINES = 8, 3, 8, 6


def render(record: RunRecord) -> str:
    """The same as plain text, 110 columns wide and with nothing cut: for a file or a mail."""
    console = Console(file=io.StringIO(), width=110, color_system=None, force_terminal=False)
    show(record, console, cut=False)
    assert isinstance(console.file, io.StringIO)  # noqa: S101 - for the type checker: three lines above
    return console.file.getvalue()


def show(record: RunRecord, console: Console, *, cut: bool = True) -> None:
    """Print a run for people.

    Args:
        record: The run; its observations are not needed.
        console: Where to. Colour, width and encoding are taken from it; ASCII is used where it is not UTF-8.
        cut: Whether long lists and long texts are cut, with a count of what was left out.
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
        findings = all_findings(self.record)
        summary = summarise(self.record)
        yield self.header(summary)
        yield from self.absent()
        if summary.roles:
            yield self.grid(summary)
        yield Text()
        for group in by_control(findings, self.record.controls):
            if group.verdict is Verdict.FAIL:
                yield from self.control(group)
        for spot in blind_spots(findings):
            yield from self.blind(spot)
        yield from self.changes()
        yield self.conclusion(summary)

    def text(self, text: str, style: str = "") -> Text:
        """Anything as harmless text this console can encode. Never markup: hosts write some of it."""
        harmless = visible(text)
        if self.console.options.ascii_only:
            plain = harmless.translate(_ASCII)
            harmless = plain.encode("ascii", "backslashreplace").decode()
        return Text(harmless, style)

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
        excluded = [member for member in self.record.members if member.status is HostStatus.EXCLUDED]
        for member in excluded:
            line = f"{member.host} excluded: {member.reason or 'no reason given'}"
            yield self.marked(self.text("·", "dim"), self.text(line, "dim"))

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
            hosts = sum(len(variant.hosts) for variant in rest)
            yield self.indented([("…", self.text(f"and differently on {counted(hosts, 'more host')}", "dim"))])
        risk = "  (can lock you out or stop a service)" if control.risk is not Risk.NONE else ""
        yield self.indented([("fix", self.text(f"opsharden apply --control {control.id}{risk}"))])
        yield Text()

    def variant(self, variant: Variant) -> list[tuple[str, Text]]:
        rows = [("hosts" if len(variant.hosts) > 1 else "host", self.listed(variant.hosts, _HOSTS, "host"))]
        if variant.observed or variant.expected:
            rows.append(("observed", self.lines(variant.observed or "nothing")))
            rows.append(("expected", self.lines(variant.expected or "nothing")))
        elif variant.reason:
            rows.append(("reason", self.lines(variant.reason)))
        return rows

    def blind(self, spot: BlindSpot) -> Iterable[RenderableType]:
        title = self.text(spot.verdict.value, COLOUR[spot.verdict]).append("  ")
        yield self.marked(
            self.text("!", COLOUR[spot.verdict]), title.append_text(self.lines(spot.reason or "no reason given"))
        )
        yield self.indented(
            [
                ("hosts" if len(spot.hosts) > 1 else "host", self.listed(spot.hosts, _HOSTS, "host")),
                ("not seen", self.listed(spot.controls, _CONTROLS, "control")),
            ]
        )
        yield Text()

    def changes(self) -> Iterable[RenderableType]:
        changes = self.record.changes
        if not changes:
            return
        changed = [change for change in changes if change.status is ChangeStatus.CHANGED]
        hosts = len({change.host for change in changed})
        yield self.text(f"{counted(len(changed), 'change')} on {counted(hosts, 'host')}", "bold")
        for group in by_task(changes):
            if group.status is ChangeStatus.CHANGED and self.cut:
                continue
            style = "" if group.status is ChangeStatus.CHANGED else COLOUR["fail"]
            yield self.text(f"  {group.status.value}  {group.role} : {group.task}", style)
            rows = [("hosts", self.listed(group.hosts, _HOSTS, "host"))]
            yield self.indented(rows + ([("message", self.lines(group.message))] if group.message else []))
        yield Text()

    def conclusion(self, summary: Summary) -> Text:
        whole = summary.whole
        line = Text()
        for verdict in (Verdict.FAIL, Verdict.ERROR, Verdict.UNREACHABLE, Verdict.PASS, Verdict.NOT_APPLICABLE):
            number = whole.of(verdict)
            words = f"{number:,} {verdict.value.replace('_', ' ')}"
            line.append_text(self.text(words, COLOUR[verdict] if number else "dim")).append("  ")
        score = f"\nscore {percent(whole.score)} of what was judged, coverage {percent(whole.coverage)}"
        return line.append_text(self.text(score, "bold"))

    def listed(self, names: Sequence[str], limit: int, noun: str) -> Text:
        shown = names if not self.cut or len(names) <= limit + 1 else names[:limit]
        text = ", ".join(shown)
        if rest := len(names) - len(shown):
            text += f" and {counted(rest, f'more {noun}')}"
        return self.text(text)

    def lines(self, text: str) -> Text:
        lines = text.strip("\n").split("\n")
        if not self.cut:
            return self.text("\n".join(lines))
        shown = [line if len(line) <= 400 else f"{line[:400]}…" for line in lines[:_LINES]]
        if rest := len(lines) - len(shown):
            shown.append(f"… {counted(rest, 'more line')}")
        return self.text("\n".join(shown))

    def marked(self, mark: Text, line: Text) -> RenderableType:
        """A line with a mark before it; where it is too long, it goes on beside the mark and not below it."""
        table = Table.grid(padding=(0, 1, 0, 0))
        table.add_row(mark, line)
        return table

    def indented(self, rows: Iterable[tuple[str, Text]]) -> RenderableType:
        return Padding(self.pairs(rows), (0, 0, 0, 4), expand=False)

    def pairs(self, rows: Iterable[tuple[str, Text]]) -> RenderableType:
        table = Table.grid(padding=(0, 2, 0, 0))
        table.add_column(style="dim", no_wrap=True, min_width=8)
        table.add_column(overflow="fold", ratio=1)
        for name, value in rows:
            table.add_row(self.text(name), value)
        return table
