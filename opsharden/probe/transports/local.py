"""The way to this machine itself: the helper that runs on other hosts, as the user who runs us or whom he becomes."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import replace

from opsharden.errors import TransportBroken
from opsharden.model import Host
from opsharden.probe.transports.dialogue import START, Dialogue
from opsharden.probe.transports.transport import Patience
from opsharden.ssh.channel import Channel
from opsharden.ssh.connection import Connection
from opsharden.ssh.process import ProcessChannel
from opsharden.ssh.session import open_session

_GRACE = 5.0


def open_local(host: Host, patience: Patience) -> Dialogue:
    """Start the helper on this machine.

    Args:
        host: Its inventory entry, which may ask to become somebody else.
        patience: How long it is waited for.

    Raises:
        BecomeRefused: sudo refused, or wants a password that is missing or wrong.
        TransportBroken: It could not be started.
    """
    if os.geteuid() == 0 and host.become_user == "root":
        host = replace(host, become=False)  # who is root already needs no sudo
    here = _Here()
    try:
        pipe, uid = open_session(host, here, START, patience.command)
        dialogue = Dialogue(host.name, pipe, here.close, patience, is_root=uid == 0)
        dialogue.begin()
    except BaseException:
        here.close()
        raise
    return dialogue


class _Here(Connection):
    """No connection at all: a shell of ours."""

    def __init__(self) -> None:
        self._open: list[ProcessChannel] = []

    def open_channel(self, command: str) -> Channel:
        try:
            channel = ProcessChannel(["/bin/sh", "-c", command], os.environ)
        except OSError as error:
            raise TransportBroken(f"No shell could be started on this machine: {error}.") from None
        self._open.append(channel)
        return channel

    def close(self) -> None:
        for channel in self._open:
            # With its stdin the helper ends, and with it whatever it started; only where it does not, it is made to.
            channel.end_input()
            with suppress(TransportBroken):
                channel.status(_GRACE)
            channel.close()
