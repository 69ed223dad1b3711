"""The two streams: data on stdout, everything said about it on stderr. Whatever is printed, it is harmless.

All of cli/ prints through these. Text from hosts, from Ansible and from files ends up in sentences, tables and errors
alike, so it is made visible where it leaves and not where somebody may forget to.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from functools import cache

from rich.console import Console, ConsoleOptions, ConsoleRenderable, RenderHook, RenderResult
from rich.segment import Segment

from opsharden.visible import visible


@cache
def stdout() -> Console:
    """Where results go."""
    return _harmless(Console(emoji=False))


@cache
def stderr() -> Console:
    """Where progress, notes and errors go."""
    return _harmless(Console(stderr=True, emoji=False))


def table() -> Console:
    """Where lists go: in a terminal they fit it; in a file or a pipe every row is one line."""
    return stdout() if sys.stdout.isatty() else _harmless(Console(width=1000, soft_wrap=True, emoji=False))


def say(line: str) -> None:
    """Say something on stderr; nothing of it is taken for markup, and no value of `-e` is repeated."""
    from opsharden.cli.commandline import hushed  # noqa: PLC0415 - who prints results only needs no YAML

    stderr().print(visible(hushed(line, sys.argv[1:])), markup=False, highlight=False, soft_wrap=True)


def _harmless(console: Console) -> Console:
    console.push_render_hook(_Visible())
    return console


class _Visible(RenderHook):
    """Makes all text of what is about to be printed visible, in what this console can encode."""

    def process_renderables(self, renderables: list[ConsoleRenderable]) -> list[ConsoleRenderable]:
        """See rich: called with what is to be printed."""
        return [_Harmless(each) for each in renderables]


class _Harmless:
    """Something to print, whose text cannot act. What rich itself does (moving the cursor) is not text."""

    def __init__(self, inner: ConsoleRenderable) -> None:
        self._inner = inner

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """The same segments, with their text made visible."""
        return self._segments(console, options)

    def _segments(self, console: Console, options: ConsoleOptions) -> Iterable[Segment]:
        for text, style, control in console.render(self._inner, options):
            yield Segment(text if control else _fit(text, console.encoding), style, control)


def _fit(text: str, encoding: str) -> str:
    return visible(text).encode(encoding, "backslashreplace").decode(encoding)
