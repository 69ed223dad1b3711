"""The dialogue with the helper on a host: questions in one go, answers as they come."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from importlib.resources import files
from typing import Protocol

from opsharden.errors import TimedOut, TransportBroken
from opsharden.model import Observation, utcnow
from opsharden.probe import native
from opsharden.probe.transports.transport import OUTPUT_LIMIT, Answer, Patience
from opsharden.probe.unasked import shown
from opsharden.visible import quoted

_HELPER = files("opsharden.probe.helper")
_PYTHON = b"\n".join(
    _HELPER.joinpath(name).read_bytes() for name in ("bounds.py", "search.py", "answers.py", "serve.py")
)
_SHELL = _HELPER.joinpath("serve.sh").read_bytes()

START = f"""\
platform=
while IFS='=' read -r name value; do
  case $name in ID|VERSION_ID) platform="$platform $value" ;; esac
done 2>/dev/null </etc/os-release
PATH=$PATH:/usr/local/bin:/usr/bin:/bin
if command -v python3 >/dev/null 2>&1; then
  printf 'python3%s\\n' "$platform"
  exec python3 -I -S -c 'import os
text = b""
while len(text) < {len(_PYTHON)}: text += os.read(0, {len(_PYTHON)} - len(text))
exec(compile(text, "helper", "exec"))
Helper(answer).serve()'
fi
printf 'sh%s\\n' "$platform"
exec sh -c "$(head -c {len(_SHELL)})"
"""
"""For `sh`: says which helper it starts and on which release, then takes the helper's text from stdin and runs it."""

_STATUS, _AGES, _WORDS = 1 << 16, 1e6, 2
_GRACE = 10.0
"""Seconds a host has beyond the time a command may take: what is later than that has no helper any more."""


class Pipe(Protocol):
    """The bytes to and from the host: `opsharden.ssh.pipe.Pipe`, or what is like it."""

    def send(self, data: bytes, timeout: float) -> None:
        """Send all of it."""

    def line(self, timeout: float) -> bytes:
        """The next line, without its end."""

    def exactly(self, count: int, timeout: float) -> bytes:
        """The next so many bytes."""


class Dialogue:
    """A transport: a pipe to `START` on some host, and how to leave it.

    Attributes:
        host: Inventory name.
        is_root: Whether the helper is root there.
        platform: As in `debian 12`.
    """

    def __init__(self, host: str, pipe: Pipe, leave: Callable[[], None], patience: Patience, *, is_root: bool) -> None:
        self.host = host
        self.is_root = is_root
        self.platform = ""
        self.close = leave
        self._pipe = pipe
        self._timeout = patience.command
        self._deadline = time.monotonic() + patience.host
        self._native = False
        self._asked = 0

    def begin(self) -> None:
        """Meet the helper and send it its text. Nothing is waited for after that.

        Raises:
            TransportBroken: What answers there is no helper of ours.
        """
        line = self._pipe.line(self._timeout)
        name, _, platform = line.decode(errors="replace").partition(" ")
        if name not in ("python3", "sh"):
            raise TransportBroken(f"{self.host} does not start what looks at it: {quoted(line, 100)}.")
        self.platform = _platform(platform)
        self._native = name == "python3"
        self._pipe.send(_PYTHON if self._native else _SHELL, self._timeout)

    def exchange(self, commands: Sequence[str]) -> Iterator[tuple[str, Answer]]:
        """Send shell commands, all at once, and give each with its answer as the answers come."""
        programs = native.programs(commands) if self._native else {}
        waiting: dict[int, str] = {}
        questions = []
        for command in commands:
            self._asked += 1
            waiting[self._asked] = command
            program = programs.get(command)
            asked = (command if program is None else f"{command}\0{program}").encode("utf-8", "surrogateescape")
            questions.append(b"%d %g %d %d\n%b" % (self._asked, self._timeout, OUTPUT_LIMIT, len(asked), asked))
        taken_at = utcnow()
        self._pipe.send(b"".join(questions), self._patience())
        return self._answers(waiting, taken_at)

    def _answers(self, waiting: dict[int, str], taken_at: datetime) -> Iterator[tuple[str, Answer]]:
        while waiting:
            number, answer = self._answer(waiting, taken_at)
            yield waiting.pop(number), answer

    def _answer(self, waiting: Mapping[int, str], taken_at: datetime) -> tuple[int, Answer]:
        began = time.monotonic()
        head = self._pipe.line(self._patience()).split()
        try:
            number, rc, out, err = (int(word) for word in head[:4])
            how, seconds, command = head[4], float(head[5]), waiting[number]
        except (ValueError, LookupError):
            raise self._no_answer(head) from None
        # What it says is believed no further than our own helper goes.
        if not (max(out, err) <= OUTPUT_LIMIT and min(out, err) >= 0 and abs(rc) < _STATUS and 0 <= seconds < _AGES):
            raise self._no_answer(head)
        stdout, stderr = self._pipe.exactly(out, self._patience()), self._pipe.exactly(err, self._patience())
        if how == b"L":
            return number, TimedOut(f"A command did not end within {self._timeout:g} seconds: {shown(command)}.")
        return number, Observation(
            self.host,
            command,
            rc,
            stdout,
            stderr,
            taken_at,
            seconds or time.monotonic() - began,
            truncated=how == b"C",
            native=how == b"h",
        )

    def _no_answer(self, head: Sequence[bytes]) -> TransportBroken:
        return TransportBroken(f"{self.host} answers with what is no answer: {quoted(b' '.join(head), 100)}.")

    def _patience(self) -> float:
        """Seconds that the next bytes may take: a command's time and some, within the host's."""
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TransportBroken(f"The time for {self.host} was over.", "See host_timeout in opsharden.toml.")
        return min(self._timeout + _GRACE, left)


def _platform(said: str) -> str:
    """A release as `/etc/os-release` names it; nothing where that is no such name."""
    words = sorted(said.replace('"', "").split())
    plain = 0 < len(words) <= _WORDS and all(re.fullmatch(r"[\w.+-]{1,40}", word, re.ASCII) for word in words)
    return " ".join(words) if plain else ""
