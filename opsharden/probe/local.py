"""Commands on this machine itself, through the same helper that runs on other hosts."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, field

from opsharden.errors import TransportBroken
from opsharden.model import Observation, utcnow
from opsharden.probe import helper
from opsharden.probe.transport import OUTPUT_LIMIT


@dataclass(eq=False)
class LocalTransport:
    """A way to this machine, as the user who runs us."""

    host: str
    command_timeout: float
    is_root: bool = field(default_factory=lambda: os.geteuid() == 0)

    def run(self, command: str) -> Observation:
        """Run one shell command here."""
        taken_at, began = utcnow(), time.monotonic()
        head, out, err = helper.answer(
            f"cd / && export LC_ALL=C.UTF-8 {_PATH}; {command}", self.command_timeout, OUTPUT_LIMIT
        )
        if head["late"]:
            raise TransportBroken(f"A command did not end within {self.command_timeout:g} seconds: {command}")
        return Observation(self.host, command, head["rc"], out, err, taken_at, time.monotonic() - began, head["cut"])

    def close(self) -> None:
        """Nothing to leave."""


_PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
