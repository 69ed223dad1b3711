"""What one host and its peers are asked, from the first question to what is recorded for the next time."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from opsharden.model import Finding, Observation
from opsharden.probe.backend import Recorder
from opsharden.probe.judging.checks import Check
from opsharden.probe.judging.judge import Subject, judge
from opsharden.probe.learnt import Learnt
from opsharden.probe.transports.transport import Transport


class Session:
    """One host being looked at.

    Args:
        name: Its inventory name.
        transport: Reaches it.
        peer: Gives the recorder of another host, by inventory name, for checks that look from there.
        learnt: What such hosts were asked before.
    """

    def __init__(self, name: str, transport: Transport, peer: Callable[[str], Recorder], learnt: Learnt) -> None:
        self._name = name
        self._platform = transport.platform
        self._find_peer = peer
        self._learnt = learnt
        self._prefetched = learnt.prefetch(name, transport.platform)
        self._own = Recorder(transport)
        self._asked: dict[str, Recorder] = {}

    def judge(self, checks: Sequence[Check], values: Mapping[str, Any], deadline: float) -> tuple[Finding, ...]:
        """The findings of the checks.

        Args:
            checks: In the order in which they are called.
            values: What they may ask for of the host's options.
            deadline: When to give up, on the monotonic clock.

        Raises:
            HostError: The host was lost before any of them was through.
        """
        asked: dict[str, Sequence[str]] | None = None
        try:
            self._own.expect(self._prefetched.get("", ()))
            findings = judge(checks, Subject(self._name, self._own, values, self._peer, deadline))
            asked = {"": self._own.wanted, **{peer: each.wanted for peer, each in self._asked.items()}}
        finally:
            self._learnt.record(self._name, self._platform, asked)
        return findings

    @property
    def observations(self) -> tuple[Observation, ...]:
        """All that was observed, of the host and from its peers."""
        return tuple(seen for each in self._recorders for seen in each.observations)

    @property
    def waited(self) -> float:
        """Seconds spent waiting for answers."""
        return sum(each.waited for each in self._recorders)

    @property
    def questions(self) -> tuple[int, int]:
        """How many were asked ahead, and how many one by one."""
        missed = sum(each.missed for each in self._recorders)
        return sum(each.asked for each in self._recorders) - missed, missed

    @property
    def _recorders(self) -> tuple[Recorder, ...]:
        return (self._own, *self._asked.values())

    def _peer(self, other: str) -> Recorder:
        if other not in self._asked:
            self._asked[other] = self._find_peer(other)
            self._asked[other].expect(self._prefetched.get(other, ()))
        return self._asked[other]
