"""A program on this machine as a channel: its stdin, stdout and stderr are those of a command on a host."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from threading import RLock
from typing import IO

from opsharden.errors import TransportBroken
from opsharden.ssh.channel import CHUNK

_LIMIT = 16 << 20
"""Bytes received and not asked for yet, beyond which the program has to wait."""

_NAP = 0.25
"""Seconds after which a wait looks whether the channel was closed meanwhile, from another thread."""

_GRACE = 2.0
_LOST = 255
"""ssh(1), EXIT STATUS: that of the command, or 255 if an error occurred."""


class ProcessChannel:
    """A child process, with whatever it starts, as a `Channel`."""

    def __init__(self, argv: Sequence[str], environment: Mapping[str, str]) -> None:
        """Start it, in a session of its own: it can ask nothing on the user's terminal, and Ctrl-C there is ours.

        Raises:
            OSError: It cannot be started.
        """
        self._closed = False
        self._process = subprocess.Popen(
            argv,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment,
            bufsize=0,
            start_new_session=True,
        )
        # Held while the pipes are used: who closes them waits, or their numbers could be another file's by then.
        self._lock = RLock()
        self._sink = self._process.stdin
        self._sources = {pipe: bytearray() for pipe in (self._process.stdout, self._process.stderr) if pipe}
        self._out, self._err = self._sources.values()
        for pipe in (self._sink, *self._sources):
            if pipe:
                os.set_blocking(pipe.fileno(), False)

    def send(self, data: bytes, timeout: float) -> None:
        """See `Channel.send`."""
        deadline, view = time.monotonic() + timeout, memoryview(data)
        while view:
            with self._lock:
                if not self._sink or not self._sources:
                    raise TransportBroken("The connection was lost: the command has ended.")
                # It may have to say something before it takes more.
                ready = self._wait(deadline, self._sink)
                if ready is None:
                    raise TransportBroken("The connection was lost: the host does not answer.")
                if self._sink in ready:
                    view = view[_written(self._sink, view) :]

    def receive(self, timeout: float) -> tuple[bytes, bytes] | None:
        """See `Channel.receive`."""
        deadline = time.monotonic() + timeout
        while True:
            with self._lock:
                if self._out or self._err or self._closed or not self._sources:
                    out, err = bytes(self._out), bytes(self._err)
                    self._out.clear()
                    self._err.clear()
                    return out, err
                if self._wait(deadline) is None:
                    return None

    def end_input(self) -> None:
        """See `Channel.end_input`."""
        with self._lock:
            if self._sink:
                self._sink.close()
            self._sink = None

    def status(self, timeout: float) -> int | None:
        """See `Channel.status`."""
        try:
            status = self._process.wait(timeout)
        except subprocess.TimeoutExpired:
            raise TransportBroken("The host stopped answering.") from None
        return None if self._closed or status < 0 or status == _LOST else status

    def close(self) -> None:
        """See `Channel.close`."""
        self._closed = True
        for kind in (signal.SIGTERM, signal.SIGKILL):
            if self._process.poll() is not None:
                break
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, kind)
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(_GRACE)
        with self._lock:
            self.end_input()
            self._forget(*self._sources)

    def _wait(self, deadline: float, sink: IO[bytes] | None = None) -> list[IO[bytes]] | None:
        """Take what has been said meanwhile, and see whether it takes something.

        Returns:
            The pipes that were ready, which may be none yet; None when none was until the deadline.
        """
        left = deadline - time.monotonic()
        full = len(self._out) + len(self._err) > _LIMIT
        poll = select.poll()
        for source in () if full else self._sources:
            poll.register(source, select.POLLIN)
        if sink:
            poll.register(sink, select.POLLOUT)
        numbers = {number for number, _ in poll.poll(min(max(left, 0.0), _NAP) * 1000)}
        if not numbers:
            # Gone, but something that it left behind may hold its pipes open for ever. What it said between the look
            # at them and its end is still in there.
            if not full and self._process.poll() is not None:
                self._drain()
                self._forget(*self._sources)
            return None if left <= 0 else []
        ready = [pipe for pipe in (sink, *self._sources) if pipe and pipe.fileno() in numbers]
        for source in ready:
            if source in self._sources and self._taken(source) == b"":
                self._forget(source)
        return ready

    def _drain(self) -> None:
        """Take what is in the pipes now; who still writes to them is not waited for."""
        for source, kept in self._sources.items():
            while len(kept) <= _LIMIT and self._taken(source):
                pass

    def _taken(self, source: IO[bytes]) -> bytes | None:
        """What a pipe has; None where that is nothing yet, and empty at its end."""
        data = source.read(CHUNK)
        self._sources[source] += data or b""
        return data

    def _forget(self, *sources: IO[bytes]) -> None:
        for source in sources:
            del self._sources[source]
            source.close()


def _written(sink: IO[bytes], view: memoryview) -> int:
    try:
        return sink.write(view[:CHUNK]) or 0
    except OSError:
        raise TransportBroken("The connection was lost: the command has ended.") from None
