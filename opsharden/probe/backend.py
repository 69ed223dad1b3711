"""A testinfra backend over one of our transports: every command is observed, and asked only once."""

from __future__ import annotations

from typing import Any

from testinfra.backend.base import BaseBackend, CommandResult
from testinfra.host import Host as TestinfraHost

from opsharden.model import Observation
from opsharden.probe.transport import Transport


class Recorder:
    """What one host was asked and what it answered, in order.

    The same question has one answer for the whole verification of a host: so the checks agree with each other, and
    each question costs one command.
    """

    def __init__(self, transport: Transport) -> None:
        self.transport = transport
        self.observations: dict[str, Observation] = {}
        self._answers: dict[str, Observation] = {}
        self._used: list[str] = []

    def ask(self, command: str) -> Observation:
        """The answer to one shell command: the one it gave before, else a new one."""
        observation = self._answers.get(command)
        if observation is None:
            observation = self.transport.run(command)
            self._answers[command] = observation
            self.observations[observation.digest] = observation
        self._used.append(observation.digest)
        return observation

    def used(self) -> tuple[str, ...]:
        """Digests of what was asked since this was last called, each once."""
        digests = tuple(dict.fromkeys(self._used))
        self._used.clear()
        return digests


class RecordedBackend(BaseBackend):  # type: ignore[misc]  # testinfra ships no types
    """testinfra's modules, unmodified, over a recorder."""

    NAME = "opsharden"

    def __init__(self, recorder: Recorder) -> None:
        super().__init__(recorder.transport.host)
        self._recorder = recorder

    def run(self, command: str, *args: str, **_: Any) -> CommandResult:
        """Run a command the way testinfra quotes it."""
        line = self.get_command(command, *args)
        seen = self._recorder.ask(line)
        return self.result(seen.rc, line.encode(), seen.stdout, seen.stderr)

    def decode(self, data: bytes) -> str:
        """UTF-8, and what is not UTF-8 made visible: an odd file name must not end a check."""
        return data.decode("utf-8", "backslashreplace")

    def encode(self, data: str) -> bytes:
        """UTF-8 on every host: the helper sets the locale."""
        return data.encode()


def testinfra_host(recorder: Recorder) -> TestinfraHost:
    """A testinfra host whose every command goes through the recorder."""
    return TestinfraHost(RecordedBackend(recorder))
