"""Progress on stderr: one live line in a terminal, plain lines elsewhere, nothing when it is to be quiet."""

from __future__ import annotations

from collections import Counter
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from opsharden.model import HostStatus, Verdict
from opsharden.workflows.scan import ScanResult

EACH = 100
"""A fleet up to this size gets a plain line for each host; a larger one for each twentieth of it and each new cause."""

_CAUSES = 20


class HostProgress:
    """Counts hosts as they are finished."""

    def __init__(self, console: Console, what: str, total: int) -> None:
        self._console = console
        self._total = total
        self._done = self._failed = 0
        self._causes: Counter[str] = Counter()
        self._live = console.is_terminal
        self._bar = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[note]}", markup=False),
            TimeElapsedColumn(),
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
            self._say(line)
        if self._total > EACH and (self._done % (self._total // 20) == 0 or self._done == self._total):
            self._say(f"{self._done:,} of {self._total:,} hosts: {self._note}")

    @property
    def _note(self) -> str:
        return f"{self._failed:,} with findings, {self._causes.total():,} unreachable"

    def _say(self, line: str) -> None:
        # One line, whatever a host said: its line breaks must not look like lines of ours.
        self._console.print(" ".join(line.split()), markup=False, highlight=False, soft_wrap=True)
