"""Checks of our roles judged by answers that are at hand: no host is needed."""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from datetime import UTC, datetime

from opsharden.catalogue import load_catalogue
from opsharden.errors import NotRecorded
from opsharden.model import Finding, Observation
from opsharden.probe import RecordedTransport, Recorder, Subject, judge
from opsharden.probe.judging.checks import Check, collect
from opsharden.workflows.values import Noted
from tests.field.cases import HOST


@functools.cache
def checks() -> dict[str, list[Check]]:
    """Those of our roles, by control."""
    found: dict[str, list[Check]] = {}
    catalogue = load_catalogue()
    for check in collect(catalogue.check_folders, wants=catalogue.wants):
        found.setdefault(check.control, []).append(check)
    return found


def judged(control: str, observations: Sequence[Observation]) -> Finding:
    """What the check of a control comes to on a host that gives these answers."""
    by_host: dict[str, list[Observation]] = {HOST: []}
    for seen in observations:
        by_host.setdefault(seen.host, []).append(seen)

    def recorder(host: str) -> Recorder:
        if host not in by_host:
            raise NotRecorded(f"Nobody looked from {host}.")
        return Recorder(RecordedTransport(host, by_host[host]))

    subject = Subject(HOST, recorder(HOST), Noted(observations), recorder, math.inf)
    (finding,) = judge(checks()[control], subject)
    return finding


def answers(*said: tuple[str, int, str]) -> list[Observation]:
    """A host's answers: command, exit status and stdout."""
    when = datetime(2000, 1, 1, tzinfo=UTC)
    return [Observation(HOST, command, rc, out.encode(), b"", when, 0.0) for command, rc, out in said]
