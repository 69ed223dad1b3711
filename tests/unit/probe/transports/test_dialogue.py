"""Frames from a host that lies: an error of that host in a sentence, and nothing is kept or waited for."""

from __future__ import annotations

import random
import time
import tracemalloc
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from opsharden.errors import TransportBroken
from opsharden.model import Observation
from opsharden.probe.transports.dialogue import Dialogue
from opsharden.probe.transports.transport import OUTPUT_LIMIT, Answer, Patience
from opsharden.ssh.pipe import Pipe
from opsharden.visible import visible


@dataclass
class Said:
    """A channel that says what is given, and then ends."""

    text: bytes
    sent: list[bytes] = field(default_factory=list)

    def send(self, data: bytes, timeout: float) -> None:
        self.sent.append(data)

    def receive(self, timeout: float) -> tuple[bytes, bytes] | None:
        part, self.text = self.text[:65536], self.text[65536:]
        return part, b""

    def end_input(self) -> None: ...

    def status(self, timeout: float) -> int | None:
        return 0

    def close(self) -> None: ...


def dialogue(said: bytes) -> Dialogue:
    return Dialogue("web1", Pipe(Said(said)), lambda: None, Patience(5, 5, 60), is_root=True)


def asked(said: bytes, *commands: str) -> list[tuple[str, Answer]]:
    return list(dialogue(said).exchange(commands or ["true"]))


def test_an_honest_answer() -> None:
    ((_, seen),) = asked(b"1 3 4 3 c 0.25\noutserr", "x")
    assert isinstance(seen, Observation)
    assert (seen.rc, seen.stdout, seen.stderr, seen.seconds) == (3, b"outs", b"err", 0.25)


@pytest.mark.parametrize(
    "frame",
    [
        b"1 0 1000000000000 0 c 0.1\nx",
        b"1 0 0 1000000000000 c 0.1\nx",
        b"1 0 %d 0 c 0.1\nx" % (OUTPUT_LIMIT + 1),
        b"1 0 -1 0 c 0.1\nx",
        b"1 0 0 -5 c 0.1\nx",
        b"1 99999999999999999999999 0 0 c 0.1\n",
        b"1 -99999999999 0 0 c 0.1\n",
        b"1 0 0 0 c nan\n",
        b"1 0 0 0 c inf\n",
        b"1 0 0 0 c -1\n",
        b"1 0 0 0 c 1e300\n",
        b"2 0 0 0 c 0.1\n",
        b"1 0 0 0 c\n",
        b"1 0 0 0\n",
        b"\n",
        b"one 0 0 0 c 0.1\n",
        b"1 0 " + b"9" * 10_000 + b" 0 c 0.1\n",
        b"1 0 0 0 c 0.1" + b" x" * 10_000_000 + b"\n",
        b"\x1b]0;owned\x07\n",
        b"x" * 10_000_000,
    ],
)
def test_a_liar_is_found_out(frame: bytes) -> None:
    tracemalloc.start()
    with pytest.raises(TransportBroken) as caught:
        asked(frame)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 3 * len(frame) + (1 << 20)
    assert len(caught.value.message) < 400
    assert "\x1b" not in caught.value.message


def test_an_answer_given_twice_is_none() -> None:
    with pytest.raises(TransportBroken, match="no answer"):
        asked(b"1 0 0 0 c 0\n1 0 0 0 c 0\n", "a", "b")


@pytest.mark.parametrize(
    ("said", "platform"),
    [
        (b'python3 debian "12"\n', "12 debian"),
        (b"sh\n", ""),
        (b"python3 " + b"x" * 1000 + b"\n", ""),
        (b"python3 \x1b[2J 12\n", ""),
        (b"python3 " + b"a " * 500 + b"\n", ""),
    ],
)
def test_what_a_host_calls_itself(said: bytes, platform: str) -> None:
    host = dialogue(said)
    host.begin()
    assert host.platform == platform


@pytest.mark.parametrize("said", [b"hello\x1b[31m\n", b"python3.9 x\n", b"\xff\xfe\n", b"x" * 1_000_000])
def test_who_is_no_helper(said: bytes) -> None:
    with pytest.raises(TransportBroken) as caught:
        dialogue(said).begin()
    assert "\x1b" not in caught.value.message
    assert len(caught.value.message) < 300


HONEST = b"1 0 5 0 c 0.1\nhello2 1 0 3 h 0.2\nbad3 0 0 0 C 0\n"
SPOILS: list[Callable[[random.Random, bytes], bytes]] = [
    lambda dice, text: text[: dice.randrange(len(text))],
    lambda dice, text: text.replace(b"%d" % dice.randrange(10), b"%d" % dice.randrange(1 << 70)),
    lambda dice, text: bytes(byte if dice.random() > 0.05 else dice.randrange(256) for byte in text),
    lambda dice, text: text[dice.randrange(len(text)) :] + text,
    lambda dice, text: dice.randbytes(dice.randrange(2000)),
]


@pytest.mark.parametrize("seed", range(200))
def test_whatever_comes_is_an_answer_or_that_hosts_error(seed: int) -> None:
    dice = random.Random(seed)
    text = SPOILS[seed % len(SPOILS)](dice, HONEST)
    began = time.monotonic()
    try:
        for _, answer in dialogue(text).exchange(["a", "b", "c"]):
            assert not isinstance(answer, Observation) or len(answer.stdout) <= OUTPUT_LIMIT
    except TransportBroken as error:
        assert visible(error.message) == error.message
        assert "\n" not in error.message
    assert time.monotonic() - began < 5
