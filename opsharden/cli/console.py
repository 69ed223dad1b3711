"""The two streams: data on stdout, everything said about it on stderr."""

from __future__ import annotations

from functools import cache

from rich.console import Console


@cache
def data() -> Console:
    """Where results go."""
    return Console()


@cache
def said() -> Console:
    """Where progress, notes and errors go."""
    return Console(stderr=True)
