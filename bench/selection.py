"""A pytest plugin: only the checks of the controls that the environment names."""

from __future__ import annotations

import os

import pytest

VARIABLE = "BENCH_CONTROLS"
"""Ids of controls, with commas between them."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave out what judges another control."""
    wanted = set(os.environ[VARIABLE].split(","))
    marked = [(item, item.get_closest_marker("control")) for item in items]
    items[:] = [item for item, marker in marked if marker and marker.args[0] in wanted]
