"""Two runs side by side: what got worse, what got better, what we lost sight of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

from opsharden.findings import unseen
from opsharden.model import Finding, Run, RunRecord, Severity, Verdict


class Turn(StrEnum):
    """Which way a control on a host went from one run to the next."""

    WORSE = "worse"
    BETTER = "better"
    LOST_SIGHT = "lost_sight"
    OTHER = "other"
    NEW = "new"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class Shift:
    """One control on one host whose verdict is not what it was; or a whole host, where it was not looked at.

    Attributes:
        host: Inventory name.
        control: Control id; empty where it is about the whole host.
        severity: How much the control matters; None where the run kept no word on it.
        turn: Which way it went.
        before: The verdict then; None where there was none.
        after: The verdict now; None where there is none.
        reason: Why the verdict now is not a plain pass.
        controls: How many controls of the host it stands for.
        by_hand: Where it fails now, what apply leaves to the administrator; see `Finding`.
        by_apply: Whether apply brings about any of it.
    """

    host: str
    control: str
    severity: Severity | None
    turn: Turn
    before: Verdict | None
    after: Verdict | None
    reason: str
    controls: int = 1
    by_hand: str = ""
    by_apply: bool = True


@dataclass(frozen=True, slots=True)
class Difference:
    """What changed between two runs.

    Attributes:
        before: The earlier run.
        after: The later run.
        shifts: All that changed, weightiest control first.
        still_failing: How many controls on hosts fail in both.
        still_blind: How many could be looked at in neither.
        new_hosts: Hosts that were to be looked at only in the later run.
        gone_hosts: Hosts that were to be looked at only in the earlier run.
        new_controls: Controls asked for only in the later run.
        gone_controls: Controls asked for only in the earlier run.
    """

    before: Run
    after: Run
    shifts: tuple[Shift, ...]
    still_failing: int
    still_blind: int
    new_hosts: tuple[str, ...]
    gone_hosts: tuple[str, ...]
    new_controls: tuple[str, ...]
    gone_controls: tuple[str, ...]

    def turned(self, turn: Turn) -> tuple[Shift, ...]:
        """The shifts that went one way."""
        return tuple(shift for shift in self.shifts if shift.turn is turn)


def diff(before: RunRecord, after: RunRecord) -> Difference:
    """Compare two runs, control by control and host by host.

    What we could not look at is never better, and a failing control that is gone has not got better either.
    """
    then, now = _Side(before), _Side(after)
    shifts: list[Shift] = []
    still: Counter[str] = Counter()
    for host in then.hosts | now.hosts:
        if host in then.lost or host in now.lost:
            shifts += _lost(host, then, now, still)
        else:
            shifts += _compared(host, then, now, still)
    return Difference(
        before=before.run,
        after=after.run,
        shifts=tuple(sorted(shifts, key=_weight)),
        still_failing=still["failing"],
        still_blind=still["blind"],
        new_hosts=tuple(sorted(now.hosts - then.hosts)),
        gone_hosts=tuple(sorted(then.hosts - now.hosts)),
        new_controls=tuple(sorted(now.controls - then.controls)),
        gone_controls=tuple(sorted(then.controls - now.controls)),
    )


# Where several checks speak on one control, the gravest counts.
_GRAVITY = (Verdict.NOT_APPLICABLE, Verdict.PASS, Verdict.UNREACHABLE, Verdict.ERROR, Verdict.FAIL)


class _Side:
    """One of the two runs, host by host.

    Attributes:
        found: Host to control to the gravest finding.
        lost: Host to its member, where it was not looked at.
        controls: Ids of all that was asked for.
    """

    def __init__(self, record: RunRecord) -> None:
        self.found: dict[str, dict[str, Finding]] = {}
        for finding in record.findings:
            here = self.found.setdefault(finding.host, {})
            other = here.get(finding.control)
            if other is None or _GRAVITY.index(other.verdict) <= _GRAVITY.index(finding.verdict):
                here[finding.control] = finding
        self.lost = {member.host: member for member in unseen(record)}
        self.described = record.controls
        asked = {member.controls for member in self.lost.values()} | {tuple(found) for found in self.found.values()}
        self.controls = {control for controls in asked for control in controls}

    @property
    def hosts(self) -> set[str]:
        """All that were to be looked at."""
        return self.found.keys() | self.lost.keys()


def _compared(host: str, then: _Side, now: _Side, still: Counter[str]) -> Iterator[Shift]:
    """A host that was looked at in both runs, or is in one of them only, control by control."""
    before, after = then.found.get(host, {}), now.found.get(host, {})
    for name in before.keys() | after.keys():
        old, new = before.get(name), after.get(name)
        if old and new and old.verdict is new.verdict:
            still["failing"] += new.verdict is Verdict.FAIL
            still["blind"] += not new.verdict.looked
            continue
        yield _shift(host, name, old, new, then, now)


def _lost(host: str, then: _Side, now: _Side, still: Counter[str]) -> Iterator[Shift]:
    """A host that was not looked at in one of the runs, or in both: as a whole, but for what is known to fail now."""
    gone, back = now.lost.get(host), then.lost.get(host)
    if gone:
        looked = sum(finding.verdict.looked for finding in then.found.get(host, {}).values())
        still["blind"] += max(0, len(gone.controls) - looked) if host in then.hosts else 0
        turn, number = (Turn.LOST_SIGHT, looked) if host in then.hosts else (Turn.NEW, len(gone.controls))
        if number:
            yield Shift(host, "", None, turn, None, Verdict.UNREACHABLE, gone.cause or gone.reason, number)
        return
    if back and host not in now.hosts:
        yield Shift(host, "", None, Turn.GONE, Verdict.UNREACHABLE, None, "", len(back.controls))
        return
    better = 0
    for name, new in now.found[host].items():
        if new.verdict is Verdict.FAIL:
            yield replace(_shift(host, name, None, new, then, now), turn=Turn.WORSE, before=Verdict.UNREACHABLE)
        better += new.verdict.looked and new.verdict is not Verdict.FAIL
        still["blind"] += not new.verdict.looked
    if better:
        yield Shift(host, "", None, Turn.BETTER, Verdict.UNREACHABLE, None, "", better)


def _shift(host: str, name: str, old: Finding | None, new: Finding | None, then: _Side, now: _Side) -> Shift:
    control = now.described.get(name) or then.described.get(name)
    return Shift(
        host=host,
        control=name,
        severity=control.severity if control else None,
        turn=_turn(old, new),
        before=old.verdict if old else None,
        after=new.verdict if new else None,
        reason=_why(new) if new else "",
        by_hand=new.by_hand if new else "",
        by_apply=new.by_apply if new else True,
    )


def _why(finding: Finding) -> str:
    """The reason; where it is a comparison alone, what it is and what it should be, by their first lines."""
    if finding.reason or finding.verdict is not Verdict.FAIL or not finding.observed:
        return finding.reason
    observed, expected = (text.partition("\n")[0] for text in (finding.observed, finding.expected))
    return f"{observed}, should be {expected}"


def _turn(old: Finding | None, new: Finding | None) -> Turn:
    if old is None:
        return Turn.NEW
    if new is None:
        return Turn.GONE
    if not new.verdict.looked:
        return Turn.LOST_SIGHT if old.verdict.looked else Turn.OTHER
    if new.verdict is Verdict.FAIL:
        return Turn.WORSE  # also where it could not be looked at before: for all we knew it was well
    if old.verdict is Verdict.FAIL or not old.verdict.looked:
        return Turn.BETTER
    return Turn.OTHER


def _weight(shift: Shift) -> tuple[int, str, str]:
    return (-shift.severity.rank if shift.severity else 1, shift.control, shift.host)
