"""The way to this machine itself: the helper that runs on other hosts, as the user who runs us."""

from __future__ import annotations

import os
from contextlib import suppress

from opsharden.errors import TransportBroken
from opsharden.probe.dialogue import START, Dialogue
from opsharden.probe.transport import Patience
from opsharden.ssh.pipe import Pipe
from opsharden.ssh.process import ProcessChannel

_GRACE = 5.0


def open_local(host: str, patience: Patience) -> Dialogue:
    """Start the helper on this machine.

    Args:
        host: Its inventory name.
        patience: How long it is waited for.

    Raises:
        TransportBroken: It could not be started.
    """
    try:
        channel = ProcessChannel(["/bin/sh", "-c", START], os.environ)
    except OSError as error:
        raise TransportBroken(f"No shell could be started on this machine: {error}.") from None

    def leave() -> None:
        # With its stdin the helper ends, and with it whatever it started; only where it does not, it is made to.
        channel.end_input()
        with suppress(TransportBroken):
            channel.status(_GRACE)
        channel.close()

    dialogue = Dialogue(host, Pipe(channel), leave, patience, is_root=os.geteuid() == 0)
    try:
        dialogue.begin()
    except BaseException:
        leave()
        raise
    return dialogue
