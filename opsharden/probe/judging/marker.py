"""The markers of our checks: the control that a check judges, or the kind whose controls it judges one by one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

Wants = Mapping[str, Mapping[str, Mapping[str, Any]]]
"""Kind to its controls to what each of them wants."""


def declare_marker(config: pytest.Config) -> None:
    """Declare `control` and `kind`, so that --strict-markers knows them."""
    for words in (
        "control(id, *, root=True): the control this check judges; whether it needs root",
        "kind(name, *, root=True): judges every control of that kind, each with what it wants as `want`",
    ):
        config.addinivalue_line("markers", words)


def once_for_each(metafunc: pytest.Metafunc, wants: Wants) -> None:
    """Have a check of a kind there once for each control of it."""
    if kind := metafunc.definition.get_closest_marker("kind"):
        controls = wants.get(kind.args[0], {})
        cases = [
            pytest.param(want, id=id_, marks=pytest.mark.control(id_, **kind.kwargs)) for id_, want in controls.items()
        ]
        metafunc.parametrize("want", cases)


def without_control(item: pytest.Item) -> bool:
    """Whether it is a check of a kind that no control is of: pytest keeps its place with a test that is skipped."""
    return item.get_closest_marker("kind") is not None and item.get_closest_marker("control") is None


def want_of(item: pytest.Function) -> Wants:
    """What the one control wants that a check of a kind judges; nothing for other checks."""
    kind, control = item.get_closest_marker("kind"), item.get_closest_marker("control")
    if not kind or not control:
        return {}
    want: Any = item.callspec.params["want"]
    return {kind.args[0]: {control.args[0]: want}}
