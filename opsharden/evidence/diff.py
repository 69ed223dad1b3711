"""Two runs side by side: what got worse, what got better, what we lost sight of."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum

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
    """One control on one host whose verdict is not what it was.

    Attributes:
        host: Inventory name.
        control: Control id.
        severity: How much the control matters; None where the run kept no word on it.
        turn: Which way it went.
        before: The verdict then; None where there was none.
        after: The verdict now; None where there is none.
        reason: Why the verdict now is not a plain pass.
    """

    host: str
    control: str
    severity: Severity | None
    turn: Turn
    before: Verdict | None
    after: Verdict | None
    reason: str


@dataclass(frozen=True, slots=True)
class Difference:
    """What changed between two runs.

    Attributes:
        before: The earlier run.
        after: The later run.
        shifts: All that changed, weightiest control first.
        still_failing: How many controls on hosts fail in both.
        still_blind: How many could be looked at in neither.
        new_hosts: Hosts with findings only in the later run.
        gone_hosts: Hosts with findings only in the earlier run.
        new_controls: Controls with findings only in the later run.
        gone_controls: Controls with findings only in the earlier run.
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
    then, now = _by_place(before), _by_place(after)
    shifts = []
    still: Counter[str] = Counter()
    for place in then.keys() | now.keys():
        old, new = then.get(place), now.get(place)
        if old and new and old.verdict is new.verdict:
            still["failing"] += new.verdict is Verdict.FAIL
            still["blind"] += not new.verdict.looked
            continue
        host, name = place
        control = after.controls.get(name) or before.controls.get(name)
        shifts.append(
            Shift(
                host=host,
                control=name,
                severity=control.severity if control else None,
                turn=_turn(old, new),
                before=old.verdict if old else None,
                after=new.verdict if new else None,
                reason=new.reason if new else "",
            )
        )
    return Difference(
        before=before.run,
        after=after.run,
        shifts=tuple(sorted(shifts, key=_weight)),
        still_failing=still["failing"],
        still_blind=still["blind"],
        new_hosts=_only_first(now, then, 0),
        gone_hosts=_only_first(then, now, 0),
        new_controls=_only_first(now, then, 1),
        gone_controls=_only_first(then, now, 1),
    )


_Place = tuple[str, str]


# Where several checks speak on one control, the gravest counts.
_GRAVITY = (Verdict.NOT_APPLICABLE, Verdict.PASS, Verdict.UNREACHABLE, Verdict.ERROR, Verdict.FAIL)


def _by_place(record: RunRecord) -> dict[_Place, Finding]:
    gravest_last = sorted(record.findings, key=lambda finding: _GRAVITY.index(finding.verdict))
    return {(finding.host, finding.control): finding for finding in gravest_last}


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


def _only_first(these: dict[_Place, Finding], those: dict[_Place, Finding], part: int) -> tuple[str, ...]:
    return tuple(sorted({place[part] for place in these} - {place[part] for place in those}))
