"""Where the time goes, host by host."""

from __future__ import annotations

import time
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Step:
    """One stretch of work on one host.

    Attributes:
        name: What was done.
        began: Seconds since the run began.
        seconds: How long it took.
    """

    name: str
    began: float
    seconds: float


@dataclass
class Timings:
    """A stopwatch for one host: each call of `done` ends a step.

    Attributes:
        host: Inventory name.
        steps: Those done so far.
        questions: How many were asked ahead, and how many one by one.
    """

    host: str
    zero: float
    steps: list[Step] = field(default_factory=list)
    questions: tuple[int, int] = (0, 0)
    _last: float = field(default_factory=time.monotonic)

    def begin(self) -> None:
        """Leave out the time since the last step: the host was ready and had to wait for the rest."""
        self._last = time.monotonic()

    def done(self, name: str, *, of_it: tuple[str, float] | None = None) -> None:
        """End a step.

        Args:
            name: What was done.
            of_it: Work that was done in between, all told: a name and seconds. It is shown as a step before this one.
        """
        now, began = time.monotonic(), self._last
        if of_it:
            self.steps.append(Step(of_it[0], began - self.zero, of_it[1]))
            began += of_it[1]
        self.steps.append(Step(name, began - self.zero, now - began))
        self._last = now
