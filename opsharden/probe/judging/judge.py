"""The checks of one host, called one after the other; each comes to a verdict, and none can end the others."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import pytest

from opsharden.errors import HostError, Unanswered
from opsharden.model import Finding, Verdict
from opsharden.probe.backend import Recorder, testinfra_host
from opsharden.probe.judging import comparison
from opsharden.probe.judging.checks import Check
from opsharden.probe.judging.comparison import Comparison
from opsharden.probe.judging.fixtures import Fixtures, NotDirect
from opsharden.probe.judging.through_pytest import run_through_pytest
from opsharden.probe.judging.verdict import verdict_of

_WORST_FIRST = (Verdict.UNREACHABLE, Verdict.ERROR, Verdict.FAIL, Verdict.PASS, Verdict.NOT_APPLICABLE)


@dataclass(frozen=True)
class Subject:
    """The host under judgement, as checks see it.

    Attributes:
        name: Inventory name.
        recorder: The open way to it.
        values: Role defaults and inventory variables, rendered when asked for.
        peer: Gives the recorder of another host of the inventory, opened when first asked for.
        deadline: When its whole verification is to end, monotonic seconds.
    """

    name: str
    recorder: Recorder
    values: Mapping[str, Any]
    peer: Callable[[str], Recorder]
    deadline: float


def judge(checks: Sequence[Check], subject: Subject) -> tuple[Finding, ...]:
    """Run the checks against the host; one finding per control, in the order of the checks."""
    comparison.install()
    findings: list[Finding] = []
    lost = ""
    for control, group in groupby(checks, key=lambda check: check.control):
        parts = []
        for check in group:
            if not lost and time.monotonic() > subject.deadline:
                lost = "The time for this host was over."
            if lost:
                parts.append(Finding(subject.name, control, Verdict.ERROR, reason=f"Not looked at: {lost}"))
                continue
            finding, broken = _one(check, subject)
            lost = lost or broken
            parts.append(finding)
        findings.append(_together(parts))
    return tuple(findings)


def _one(check: Check, subject: Subject) -> tuple[Finding, str]:
    """One check's finding, and why the host is lost to the checks that follow, if it is."""
    if check.needs_root and not subject.recorder.transport.is_root:
        reason = "Only root can look at this; run as root, or let sudo do it."
        return Finding(subject.name, check.control, Verdict.ERROR, reason=reason), ""
    watched, began, peers = comparison.watch(), time.monotonic(), dict[str, Recorder | None]()

    def peer(name: str) -> Any:
        peers[name] = None  # looked from elsewhere, whether or not it can be reached
        peers[name] = recorder = subject.peer(name)
        return testinfra_host(recorder)

    subject.recorder.used()
    given = {
        "host": testinfra_host(subject.recorder),
        "values": subject.values,
        "asset": subject.name,
        "peer": peer,
    }
    lost = ""
    try:
        verdict, reason = _call(check, given, watched)
    except Unanswered as error:
        verdict, reason = Verdict.ERROR, error.message  # of this check alone
    except HostError as error:
        verdict, reason = Verdict.ERROR, error.message
        lost = "" if peers else error.message
    digests = subject.recorder.used() + tuple(digest for other in peers.values() if other for digest in other.used())
    if verdict in (Verdict.ERROR, Verdict.NOT_APPLICABLE):
        watched.forget()
    finding = Finding(
        subject.name,
        check.control,
        verdict,
        observed=watched.observed,
        expected=watched.expected,
        reason=reason,
        observations=digests,
        seconds=time.monotonic() - began,
        by_hand=watched.by_hand if verdict is Verdict.FAIL else "",
        by_apply=watched.by_apply or verdict is not Verdict.FAIL,
    )
    return finding, lost


def _call(check: Check, given: Mapping[str, Any], watched: Comparison) -> tuple[Verdict, str]:
    """Call a check. Whatever it raises is a verdict, never a crash of the run; only a lost host is passed on."""
    try:
        with Fixtures(check.item, given) as arguments:
            check.item.obj(**arguments)
    except NotDirect:
        return run_through_pytest(check, given, watched)
    except HostError:
        raise
    except (Exception, SystemExit, pytest.fail.Exception, pytest.skip.Exception) as error:
        return verdict_of(check, error, watched)
    return Verdict.PASS, ""


def _together(parts: Sequence[Finding]) -> Finding:
    """One finding of the several that a parametrised check, or several checks of one control, came to."""
    if len(parts) == 1:
        return parts[0]
    worst = min(parts, key=lambda part: _WORST_FIRST.index(part.verdict))
    return Finding(
        worst.host,
        worst.control,
        worst.verdict,
        observed=worst.observed,
        expected=worst.expected,
        reason=worst.reason,
        observations=tuple(dict.fromkeys(digest for part in parts for digest in part.observations)),
        seconds=sum(part.seconds for part in parts),
        by_hand=worst.by_hand,
        by_apply=worst.by_apply,
    )
