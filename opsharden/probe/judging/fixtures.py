"""The arguments of a check, made without a pytest session: ours given, the check's own fixtures called.

Covers what checks need nearly always: function fixtures of a conftest over other such fixtures, with or without
`yield`, and direct parameters. Whatever else pytest can do, pytest does: see `through_pytest`.
"""

from __future__ import annotations

import contextlib
import inspect
from collections.abc import Mapping
from types import TracebackType
from typing import Any

import pytest

_HANDLED_MARKS = {"control", "kind", "parametrize", "usefixtures"}


class NotDirect(Exception):  # noqa: N818 - a fork in the road, not an error
    """The check needs more of pytest than calling it takes."""


class Fixtures:
    """A context whose value is a check's arguments; what its fixtures opened is closed at the end."""

    def __init__(self, item: pytest.Function, given: Mapping[str, Any]) -> None:
        self._item = item
        self._values = dict(given)
        self._open = contextlib.ExitStack()
        callspec = getattr(item, "callspec", None)
        self._parameters = dict(callspec.params) if callspec else {}

    def __enter__(self) -> dict[str, Any]:
        """The arguments.

        Raises:
            NotDirect: pytest has to run this check itself.
        """
        if self._item.cls is not None or any(mark.name not in _HANDLED_MARKS for mark in self._item.iter_markers()):
            raise NotDirect
        try:
            for name in self._item._fixtureinfo.initialnames:
                self._value(name)
            return {name: self._value(name) for name in self._item._fixtureinfo.argnames}
        except BaseException:
            self._open.close()
            raise

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close what the fixtures opened."""
        self._open.__exit__(kind, error, trace)

    def _value(self, name: str) -> Any:
        if name not in self._values:
            definitions = self._item._fixtureinfo.name2fixturedefs.get(name)
            if definitions is None:
                raise NotDirect
            # pytest wraps a direct parameter in a fixture of its own that reads it from the request.
            direct = name in self._parameters and definitions[-1].func.__module__ == "_pytest.python"
            self._values[name] = self._parameters[name] if direct else self._made(name, definitions[-1])
        return self._values[name]

    def _made(self, name: str, definition: Any) -> Any:
        if definition.params is not None or name in self._parameters or "request" in definition.argnames:
            raise NotDirect
        function = definition.func
        arguments = {needed: self._value(needed) for needed in definition.argnames}
        if inspect.isgeneratorfunction(function):
            return self._open.enter_context(contextlib.contextmanager(function)(**arguments))
        return function(**arguments)
