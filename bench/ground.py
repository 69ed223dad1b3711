"""What measures stand on: the sizes, and one fleet at a time, brought up when a measure first asks for it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from types import TracebackType
from typing import Self

from bench.cost import BenchError
from bench.fleet import Fleet, Say, bootstrapped, compliant
from bench.sizes import Sizes


class Ground:
    """A context manager; at its end no host is left.

    Attributes:
        sizes: How large all of it is.
        say: Takes one line of progress.
    """

    def __init__(self, sizes: Sizes, say: Say) -> None:
        self.sizes = sizes
        self.say = say
        self._up = ExitStack()
        self._kind = ""
        self._fleet: Fleet | None = None
        self._failed: dict[str, str] = {}

    def compliant(self) -> Fleet:
        """The fleet whose hosts have all controls.

        Raises:
            BenchError: It could not be had, now or when it was first asked for.
        """
        return self._stand("compliant", lambda: compliant(self.sizes.hosts, self.say))

    def many(self) -> Fleet:
        """The large fleet: bootstrapped, as new, without a hub.

        Raises:
            BenchError: It could not be had, now or when it was first asked for.
        """
        return self._stand("many", lambda: bootstrapped(self.sizes.many, self.say, hub=False))

    def clear(self) -> None:
        """Take down what is up, so that a measure has the machine for itself."""
        self._kind, self._fleet = "", None
        self._up.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.clear()

    def _stand(self, kind: str, bring_up: Callable[[], AbstractContextManager[Fleet]]) -> Fleet:
        if kind in self._failed:
            raise BenchError(self._failed[kind])
        if self._fleet is None or kind != self._kind:
            self.clear()
            try:
                self._fleet = self._up.enter_context(bring_up())
            except Exception as error:
                self._failed[kind] = f"No fleet to measure on: {error}"
                raise BenchError(self._failed[kind]) from error
            self._kind = kind
        return self._fleet
