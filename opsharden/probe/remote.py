"""Commands on another host: one SSH connection, one channel, one sudo, one helper that ends with the channel."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

from opsharden.errors import TransportBroken
from opsharden.model import Host, Observation, utcnow
from opsharden.probe.transport import OUTPUT_LIMIT
from opsharden.ssh.client import Connection, connect
from opsharden.ssh.pipe import Pipe
from opsharden.ssh.session import open_session

_HELPER = files("opsharden.probe").joinpath("helper.py").read_bytes()
_START = f'exec python3 -c \'import sys; exec(compile(sys.stdin.buffer.read({len(_HELPER)}), "helper", "exec"))\''


class RemoteTransport:
    """A helper on another host, fed over one SSH channel."""

    def __init__(
        self, host: Host, connection: Connection, pipe: Pipe, command_timeout: float, *, is_root: bool
    ) -> None:
        self.host = host.name
        self.is_root = is_root
        self._connection = connection
        self._pipe = pipe
        self._timeout = command_timeout

    def run(self, command: str) -> Observation:
        """Ask the helper to run one shell command."""
        question = {"command": command, "timeout": self._timeout, "limit": OUTPUT_LIMIT}
        taken_at, began = utcnow(), time.monotonic()
        # The helper ends a late command itself; what is later than that is a host or a line that is gone.
        patience = self._timeout + 10
        self._pipe.send(json.dumps(question).encode() + b"\n", patience)
        head: dict[str, Any] = json.loads(self._pipe.line(patience))
        out, err = self._pipe.exactly(head["out"], patience), self._pipe.exactly(head["err"], patience)
        if head["late"]:
            raise TransportBroken(f"A command did not end within {self._timeout:g} seconds: {command}")
        return Observation(self.host, command, head["rc"], out, err, taken_at, time.monotonic() - began, head["cut"])

    def close(self) -> None:
        """End the helper and leave the host."""
        self._connection.close()


def open_remote(
    host: Host, known_hosts: Sequence[Path], *, connect_timeout: float, command_timeout: float
) -> RemoteTransport:
    """Log in, become root where the inventory says so, and start the helper.

    Raises:
        Unreachable: No connection, wrong host key, login refused, or no python3 on the host.
        BecomeRefused: sudo refused, or wants a password that is missing or wrong.
        TransportBroken: The connection went away meanwhile.
    """
    connection = connect(host, known_hosts, timeout=connect_timeout)
    try:
        pipe, uid = open_session(host, connection, _START, command_timeout)
        pipe.send(_HELPER, command_timeout)
    except BaseException:
        connection.close()
        raise
    return RemoteTransport(host, connection, pipe, command_timeout, is_root=uid == 0)
