"""The one marker of our checks."""

import pytest


def declare_marker(config: pytest.Config) -> None:
    """Declare `control`, so that --strict-markers knows it."""
    config.addinivalue_line(
        "markers", "control(id, *, root=True): the control this check judges; whether it needs root"
    )
