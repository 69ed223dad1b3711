"""What Ansible says while it reads: its warnings, which are told once, and the reasons of its failures."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from opsharden.errors import InventoryError
from opsharden.inventory import ansible_api
from opsharden.inventory.words import sentence

_LOST = re.compile(
    r"Skipping (unexpected )?key \(|Skipping '.*' as this is not a valid group|Found duplicate mapping key"
    r"|Skipping the range |Skipping what is below |Found both group and host with same name: (all|ungrouped)$"
)
"""Warnings after which the inventory is less than what is written in it."""

_PLUGIN = re.compile(r"with '([\w.]+)' plugin")
_READ = re.compile(r"Parsed (.*) inventory source with (\S+) plugin$")
_OF_VARIABLES = re.compile(r"/(group|host)_vars/")
_ORIGIN = re.compile(r"^Origin: (.+)$", re.MULTILINE)
LOSS_ADVICE = "Correct it; or set inventory_strict = false, and what is left of the inventory is worked with."


class Heard:
    """Listens to Ansible in place of the terminal.

    While an inventory is read, all is kept, for it may be the reason of a failure; afterwards each thing is told once.

    Attributes:
        failures: Plugins that could not read a source, in order, each with why.
        readers: Source to the plugin that read it.
    """

    def __init__(self, tell: Callable[[str], None]) -> None:
        self._tell = tell
        self._said: dict[str, bool] = {}
        self._reading = True
        self.failures: list[tuple[str, BaseException]] = []
        self.readers: dict[str, str] = {}
        for text in re.split(r"^\[\w+\]: ", _at_start(), flags=re.MULTILINE):
            self._warning(text)

    def listen(self) -> None:
        """Be the one who hears what Ansible says from now on."""
        display = ansible_api.Display()
        display.error_as_warning = self._failure
        display._warning = lambda summary: self._event(summary.event)
        display._error = lambda summary, **_: self._event(summary.event)
        display._deprecated = _nothing
        display.display = _nothing
        display.vvv = self._verbose

    def loss(self, text: str) -> None:
        """Take in what Ansible says nothing of: something makes the inventory less than what is written."""
        self._said[text] = True

    def lost(self) -> None:
        """Raise where something made the inventory less than what is written.

        Raises:
            InventoryError: A warning says so.
        """
        for text, loss in self._said.items():
            if loss:
                raise InventoryError(f"Part of the inventory would be left out: {text}", LOSS_ADVICE)

    def tell(self, *, failed: bool = False) -> None:
        """Tell what was heard, and from now on at once what is heard.

        Args:
            failed: Whether the inventory could not be read; what is the very reason then is told as such.
        """
        self._reading = False
        for text, loss in self._said.items():
            if not (failed and loss):
                self._tell(text)

    def _failure(self, msg: str | None, exception: BaseException, **_: Any) -> None:
        named = _PLUGIN.search(msg or "")
        self.failures.append((named[1] if named else "", exception))

    def _verbose(self, msg: str, **_: Any) -> None:
        if read := _READ.match(str(msg)):
            self.readers[read[1]] = read[2]

    def _event(self, event: Any) -> None:
        place = _ORIGIN.search(str(event.formatted_source_context or ""))
        self._warning(event.msg, f" ({place[1]})" if place else "")

    def _warning(self, msg: str, place: str = "") -> None:
        text = f"{sentence(msg).rstrip('.')}{place}." if msg.strip() else ""
        if not text or text in self._said:
            return
        self._said[text] = bool(_LOST.match(msg)) and not _OF_VARIABLES.search(place)
        if not self._reading:
            self._tell(text)


def _at_start() -> str:
    ansible_api.AT_START.seek(0)
    return ansible_api.AT_START.read()


def _nothing(*_: Any, **__: Any) -> None: ...
