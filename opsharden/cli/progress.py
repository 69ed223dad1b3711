"""Progress on stderr: one live line in a terminal, plain lines elsewhere, nothing when it is to be quiet."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from opsharden.model import HostStatus, Verdict
from opsharden.workflows.looking import Seen


class HostProgress:
    """Counts hosts as they are finished."""

    def __init__(self, console: Console, what: str, total: int) -> None:
        self._console = console
        self._failed = self._unreached = 0
        self._live = console.is_terminal
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[note]}"),
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

    def host(self, seen: Seen) -> None:
        """One more host is finished."""
        member, findings = seen.member, seen.findings
        failed = sum(finding.verdict is Verdict.FAIL for finding in findings)
        self._failed += bool(failed)
        self._unreached += member.status is HostStatus.UNREACHABLE
        note = f"{self._failed} with findings, {self._unreached} unreachable"
        self._bar.update(self._task, advance=1, note=note)
        if not self._live:
            said = member.reason if member.status is HostStatus.UNREACHABLE else f"{failed} of {len(findings)} fail"
            self._console.print(f"{member.host}: {said}", markup=False, highlight=False, soft_wrap=True)
