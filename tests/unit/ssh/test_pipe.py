"""A pipe to somebody who says too much, too long, or nothing."""

from __future__ import annotations

import itertools
import os
import time
from contextlib import closing
from dataclasses import dataclass

import pytest

from opsharden.errors import TransportBroken
from opsharden.ssh.channel import CHUNK
from opsharden.ssh.pipe import Pipe
from opsharden.ssh.process import ProcessChannel


@dataclass
class Endless:
    """A host that always has more to say."""

    what: bytes = b"x" * CHUNK
    said: int = 0

    def send(self, data: bytes, timeout: float) -> None: ...

    def receive(self, timeout: float) -> tuple[bytes, bytes] | None:
        self.said += 1
        return self.what, self.what

    def end_input(self) -> None: ...

    def status(self, timeout: float) -> int | None:
        return 0

    def close(self) -> None: ...


def test_a_line_without_end_is_given_up() -> None:
    host = Endless()
    with pytest.raises(TransportBroken, match="is not ours"):
        Pipe(host).line(60)
    assert host.said < 5


def test_bytes_past_the_deadline_do_not_count_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = itertools.count(step=1.0)
    monkeypatch.setattr(time, "monotonic", lambda: next(clock))
    host = Endless(b"x")
    with pytest.raises(TransportBroken, match="stopped answering"):
        Pipe(host).rest(30)
    assert host.said < 60


def test_what_is_not_waited_for_is_not_kept() -> None:
    pipe = Pipe(Endless())
    for _ in range(100):
        pipe.more(time.monotonic() + 60)
        pipe.keep(CHUNK)
    assert len(pipe.stdout) == len(pipe.stderr) == CHUNK


def test_last_words_said_between_a_look_and_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """The program writes and ends after a look found its pipes empty: it is made to do so in that very moment."""
    with closing(ProcessChannel(["/bin/sh", "-c", "read x; echo out; echo why >&2; exit 3"], os.environ)) as channel:
        poll = channel._process.poll

        def speak() -> int | None:
            if channel._sink:
                channel._sink.write(b"\n")
                channel.end_input()
                channel._process.wait(10)
            return poll()

        monkeypatch.setattr(channel._process, "poll", speak)
        pipe = Pipe(channel)
        deadline = time.monotonic() + 10
        while pipe.more(deadline):
            pass
        assert (pipe.status(deadline), pipe.stdout, pipe.stderr) == (3, b"out\n", b"why\n")
