"""Progress on stderr: one live line in a terminal, plain lines elsewhere, nothing when it is to be quiet."""

from __future__ import annotations

from collections import Counter
from types import TracebackType
from typing import Self

from rich import progress as bars
from rich.console import Console

from opsharden.model import ChangeStatus, HostStatus, Verdict
from opsharden.workflows.progress import Event, Prepared, Stage
from opsharden.workflows.scan import ScanResult

EACH = 100
"""A fleet up to this size gets a plain line for each host; a larger one for each twentieth of it and each new cause."""

_CAUSES = 20
_SHOWN = (ChangeStatus.CHANGED, ChangeStatus.FAILED, ChangeStatus.UNREACHABLE)


class Progress:
    """Shows a verb's stream of events: the stages one after the other, and in each of them what is worth a line."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._scans: HostProgress | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    def __call__(self, event: Event) -> None:
        """Show an event. What was fine already is not worth a line."""
        if isinstance(event, Stage):
            self._stage(event)
        elif isinstance(event, ScanResult):
            self._scanned(event)
        elif isinstance(event, Prepared):
            _say(self._console, f"{event.host}: {event.state}")
        else:
            self._ansibles(event)

    def _ansibles(self, event: Event) -> None:
        from opsharden.play import HostResult  # noqa: PLC0415 - a verify has no such events, and does not load them

        if isinstance(event, HostResult) and event.status in _SHOWN:
            what = f"{event.role}: {event.task}" if event.role else event.task
            said = f": {event.message}" if event.message else ""
            _say(self._console, f"{event.host}: {event.status.value}: {what}{said}")

    def _scanned(self, host: ScanResult) -> None:
        if self._scans:
            self._scans.host(host)

    def _stage(self, stage: Stage) -> None:
        self._end()
        _say(self._console, f"— {stage.title}: {stage.hosts} host{'s' if stage.hosts != 1 else ''}")
        if stage.scans:
            self._scans = HostProgress(self._console, stage.title, stage.hosts)
            self._scans.__enter__()

    def _end(self) -> None:
        if self._scans:
            self._scans.__exit__(None, None, None)
            self._scans = None


class HostProgress:
    """Counts hosts as they are finished."""

    def __init__(self, console: Console, what: str, total: int) -> None:
        self._console = console
        self._total = total
        self._done = self._failed = 0
        self._causes: Counter[str] = Counter()
        self._live = console.is_terminal
        self._bar = bars.Progress(
            bars.TextColumn("{task.description}", markup=False),
            bars.BarColumn(),
            bars.MofNCompleteColumn(),
            bars.TextColumn("{task.fields[note]}", markup=False),
            bars.TimeElapsedColumn(),
            console=console,
            transient=True,
            disable=not self._live,
        )
        self._task = self._bar.add_task(what, total=total, note="")

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()

    def host(self, seen: ScanResult) -> None:
        """One more host is finished."""
        member, findings = seen.member, seen.findings
        failed = sum(finding.verdict is Verdict.FAIL for finding in findings)
        self._done += 1
        self._failed += bool(failed)
        dark = sum(not finding.verdict.looked for finding in findings)
        said = f"{failed} of {len(findings)} fail" + (f", {dark} could not be looked at" if dark else "")
        if member.status is HostStatus.UNREACHABLE:
            self._causes[member.cause or member.reason] += 1
            said = member.reason
        self._bar.update(self._task, advance=1, note=self._note)
        if not self._live:
            self._plain(seen, f"{member.host}: {said}")

    def _plain(self, seen: ScanResult, line: str) -> None:
        cause = seen.member.cause or seen.member.reason
        first = seen.member.status is HostStatus.UNREACHABLE and self._causes[cause] == 1
        if self._total <= EACH or (first and len(self._causes) <= _CAUSES):
            _say(self._console, line)
        if self._total > EACH and (self._done % (self._total // 20) == 0 or self._done == self._total):
            _say(self._console, f"{self._done:,} of {self._total:,} hosts: {self._note}")

    @property
    def _note(self) -> str:
        return f"{self._failed:,} with findings, {self._causes.total():,} unreachable"


def _say(console: Console, line: str) -> None:
    # One line, whatever Ansible or a host said: its line breaks must not look like lines of ours.
    console.print(" ".join(line.split()), markup=False, highlight=False, soft_wrap=True)
