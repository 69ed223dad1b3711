"""A testinfra backend over one of our transports: every command is observed, and asked only once."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import Any

from testinfra.backend.base import BaseBackend, CommandResult
from testinfra.host import Host as TestinfraHost

from opsharden.errors import HostError, TimedOut, TooMuch, TransportBroken
from opsharden.model import Observation
from opsharden.probe.transports.transport import OUTPUT_LIMIT, Answer, Transport
from opsharden.probe.unasked import Missing, reason, shown, unasked

_MOST = 64 << 20
"""Bytes of all answers of a host: an honest one says a hundredth of it, and the memory of this machine has an end."""


class Recorder:
    """What one host was asked and what it answered, in order.

    The same question has one answer for the whole verification of a host: so the checks agree with each other, and
    each question costs one command.

    Attributes:
        transport: The way to the host.
        missed: How many questions were not foreseen and cost a round trip each.
        waited: Seconds spent waiting for answers.
    """

    def __init__(self, transport: Transport) -> None:
        self.transport = transport
        self.missed = 0
        self.waited = 0.0
        self._kept = 0
        self._answers: dict[str, Answer | None] = {}  # None: asked, and not answered yet
        self._coming: Iterator[tuple[str, Answer]] = iter(())
        self._used: list[str] = []
        self._wanted: dict[str, None] = {}

    def expect(self, commands: Sequence[str]) -> None:
        """Ask ahead what the checks are going to ask. They must be certain to change nothing: see `readonly`."""
        new = [command for command in commands if command not in self._answers]
        if new:
            self.settle()
            self._answers.update(dict.fromkeys(new))
            self._coming = self.transport.exchange(new)

    def ask(self, command: str) -> Observation:
        """The answer to one shell command: the one it gave before, else a new one.

        Raises:
            TimedOut: It took too long; it is not tried again.
            TooMuch: Its output was cut: whether what a check looks for is in the rest, nobody knows.
            TransportBroken: The connection was lost.
        """
        self._wanted[command] = None
        if command not in self._answers:
            self.missed += 1
            self.expect([command])
        began = time.monotonic()
        while (answer := self._answers[command]) is None:
            self._take()
        self.waited += time.monotonic() - began
        if isinstance(answer, TimedOut):
            raise TimedOut(answer.message, answer.advice)
        self._used.append(answer.digest)
        if answer.truncated:
            kept = f"{OUTPUT_LIMIT >> 20} MiB"
            raise TooMuch(f"A command said more than the {kept} that are kept, and was cut: {shown(command)}")
        return answer

    def settle(self) -> None:
        """Wait for every answer that is still to come: what was asked is observed."""
        began = time.monotonic()
        while None in self._answers.values():
            self._take()
        self.waited += time.monotonic() - began

    @property
    def asked(self) -> int:
        """How many questions were sent."""
        return len(self._answers)

    @property
    def observations(self) -> tuple[Observation, ...]:
        """What checks wanted to know, in their order.

        An answer that none of them wanted is thrown away: it stands for nothing, and may be what nobody should file.
        """
        answers = (self._answers.get(command) for command in self._wanted)
        return tuple(answer for answer in answers if isinstance(answer, Observation))

    @property
    def wanted(self) -> tuple[str, ...]:
        """The commands that checks asked for, in their order: what to expect next time."""
        return tuple(self._wanted)

    def used(self) -> tuple[str, ...]:
        """Digests of what was asked since this was last called, each once."""
        digests = tuple(dict.fromkeys(self._used))
        self._used.clear()
        return digests

    def _take(self) -> None:
        try:
            command, answer = next(self._coming)
            self._bound(answer)
        except HostError:
            # What was still to come does not come any more; it may be asked again.
            self._answers = {asked: known for asked, known in self._answers.items() if known is not None}
            raise
        self._answers[command] = answer

    def _bound(self, answer: Answer) -> None:
        if isinstance(answer, Observation):
            self._kept += len(answer.stdout) + len(answer.stderr)
            if self._kept > _MOST:
                raise TransportBroken(f"{answer.host} says more in all than the {_MOST >> 20} MiB that are kept.")


class Said(CommandResult):  # type: ignore[misc]  # testinfra ships no types
    """What a command came to, for people where testinfra's would show Python and an address."""

    def __repr__(self) -> str:
        command = self.command.decode("utf-8", "backslashreplace")
        return f"{shown(command)} ({reason(command, self.rc, self.stderr_bytes) if self.rc else 'exit 0'})"


class RecordedBackend(BaseBackend):  # type: ignore[misc]  # testinfra ships no types
    """testinfra's modules, unmodified, over a recorder."""

    NAME = "opsharden"

    def __init__(self, recorder: Recorder) -> None:
        super().__init__(recorder.transport.host)
        self._recorder = recorder

    def __repr__(self) -> str:
        return f"<host {self.hostname}>"

    def run(self, command: str, *args: str, **_: Any) -> CommandResult:
        """Run a command the way testinfra quotes it."""
        line = self.get_command(command, *args)
        seen = self._recorder.ask(line)
        # Within `host.sudo()`: that sudo refuses looks just as if what it was to run had said no.
        if seen.rc == 1 and seen.stderr.startswith(b"sudo: ") and line != self.quote(command, *args):
            raise unasked(line, seen.rc, seen.stderr)
        return Said(self, seen.rc, line.encode("utf-8", "surrogateescape"), seen.stdout, seen.stderr)

    def decode(self, data: bytes) -> str:
        """UTF-8, and what is not UTF-8 made visible: an odd file name must not end a check."""
        return data.decode("utf-8", "backslashreplace")

    def encode(self, data: str) -> bytes:
        """UTF-8 on every host: the helper sets the locale."""
        return data.encode()


class _Host(TestinfraHost):  # type: ignore[misc]  # testinfra ships no types
    """testinfra's host; where a command does not say what is needed, the reason is a sentence."""

    def run_expect(self, expected: Sequence[int], command: str, *args: str, **kwargs: Any) -> CommandResult:
        """See `Host.run_expect`.

        Raises:
            Unasked: It ended in another way.
        """
        said = self.run(command, *args, **kwargs)
        if said.rc not in expected:
            raise unasked(said.command.decode("utf-8", "backslashreplace"), said.rc, said.stderr_bytes)
        return said

    def check_output(self, command: str, *args: str, **kwargs: Any) -> str:
        """See `Host.check_output`.

        Raises:
            Unasked: It failed.
        """
        return str(self.run_expect([0], command, *args, **kwargs).stdout.rstrip("\r\n"))

    def find_command(self, command: str, extrapaths: Sequence[str] = ("/sbin", "/usr/sbin")) -> str:
        """See `Host.find_command`.

        Raises:
            Missing: It is not there.
        """
        try:
            return str(super().find_command(command, extrapaths))
        except ValueError:
            raise Missing(f"{command} is not installed there, and testinfra needs it to look.") from None


def testinfra_host(recorder: Recorder) -> TestinfraHost:
    """A testinfra host whose every command goes through the recorder."""
    return _Host(RecordedBackend(recorder))
