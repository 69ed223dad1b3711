"""A replay, shown: what a run observed, judged again."""

from __future__ import annotations

from collections.abc import Sequence

from opsharden import settings as all_settings
from opsharden.cli.console import say, stdout
from opsharden.evidence import Store
from opsharden.model import Finding, Severity, Verdict
from opsharden.report import outputs
from opsharden.report.lines import paired
from opsharden.workflows import replay as workflow
from opsharden.workflows.workplace import Access, open_workplace


def replay(run: str, output: Sequence[str], fail_on: Severity, *, verbose: bool = False) -> int:
    """Judge a run again and show what came out. Returns the exit code.

    Args:
        run: A run's id, or `latest`.
        output: Where the reports go, as `--output` has it.
        fail_on: The weakest severity whose failures make the result `findings`.
        verbose: Whether a table on stdout is to cut nothing.

    Raises:
        EvidenceError: There is no such run on file.
    """
    # No inventory: a replay stands on what is on file, wherever it is made.
    settings = all_settings.load(flags={"inventory": ()})
    place = open_workplace(settings, Access())
    with Store.open(settings.database, create=False) as store:
        judged = workflow.replay(place, store, run, fail_on)
    for path in outputs.write(outputs.parse(output), judged.record, stdout(), verbose=verbose):
        say(f"written to: {path}")
    _tell(judged)
    return int(judged.record.run.exit_code or 0)


def _tell(judged: workflow.Replay) -> None:
    """Say how what comes out now compares with what was filed."""
    lines = [
        f"{each.derived.host}: {each.derived.control}: {each.derived.verdict}, filed as {each.filed.verdict}: "
        f"{_why(each.derived)}"
        for each in judged.deviations
    ]
    if not judged.same_content:
        lines.append("The checks at hand are not, to the letter, those of the run.")
    same = len(judged.record.findings) - len(judged.deviations)
    lines.append(f"replayed {judged.record.run.id}: {same} of {len(judged.record.findings)} verdicts as filed")
    for line in lines:
        say(line)


def _why(finding: Finding) -> str:
    """What it is and should be, where it fails; else the reason."""
    lines = paired(finding.observed, finding.expected) if finding.verdict is Verdict.FAIL else ()
    return " ".join("; ".join(line.sentence for line in lines).split()) or finding.reason
