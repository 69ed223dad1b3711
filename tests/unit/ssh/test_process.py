import os
import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from opsharden.errors import TransportBroken
from opsharden.ssh.pipe import Pipe
from opsharden.ssh.process import ProcessChannel

Start = Callable[[str], ProcessChannel]


@pytest.fixture
def start() -> Iterator[Start]:
    """Start a shell script as a channel; afterwards none of their processes is there."""
    channels: list[ProcessChannel] = []

    def start(script: str) -> ProcessChannel:
        channels.append(ProcessChannel(["/bin/sh", "-c", script], os.environ))
        return channels[-1]

    before = open_files()
    yield start
    for channel in channels:
        channel.close()
        channel.close()
    assert psutil.Process().children() == []
    assert open_files() <= before


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def is_dead(process: psutil.Process) -> bool:
    try:
        return process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def test_bytes_both_ways_and_the_status(start: Start) -> None:
    pipe = Pipe(start("cat; echo err >&2; exit 7"))
    pipe.send(b"a\0b\n", 5)
    assert pipe.line(5) == b"a\0b"
    pipe.send(b"rest", 5)
    assert pipe.rest(5) == (7, b"rest")
    assert pipe.stderr == b"err\n"


def test_a_program_that_talks_while_it_is_talked_to(start: Start) -> None:
    data = os.urandom(5 << 20)
    pipe = Pipe(start("cat"))
    pipe.send(data, 20)
    assert pipe.exactly(len(data), 20) == data


def test_nothing_in_time_is_none_and_the_end_is_empty(start: Start) -> None:
    channel = start("read line; echo $line")
    began = time.monotonic()
    assert channel.receive(0.3) is None
    assert 0.3 <= time.monotonic() - began < 2
    assert channel.receive(0) is None
    channel.send(b"now\n", 5)
    assert channel.receive(5) == (b"now\n", b"")
    assert channel.receive(5) == (b"", b"")
    assert channel.status(5) == 0


def test_what_it_does_not_take_in_time(start: Start) -> None:
    with pytest.raises(TransportBroken, match="does not answer"):
        start("sleep 60").send(bytes(1 << 20), 0.3)
    with pytest.raises(TransportBroken, match="stopped answering"):
        start("sleep 60").status(0.3)


def test_sending_to_what_has_ended(start: Start) -> None:
    channel = start("exec <&-; echo ready; sleep 60")
    assert channel.receive(5) == (b"ready\n", b"")
    with pytest.raises(TransportBroken, match="the command has ended"):
        channel.send(b"anything", 5)
    channel.end_input()
    with pytest.raises(TransportBroken, match="the command has ended"):
        channel.send(b"anything", 5)


@pytest.mark.parametrize("script", ["exit 255", "kill -9 $$"])
def test_a_client_that_failed_has_no_status(start: Start, script: str) -> None:
    assert start(script).status(5) is None


def test_closing_ends_what_it_started_and_what_does_not_want_to_end(start: Start) -> None:
    channel = start("trap '' TERM; sleep 61 & echo $!; wait; sleep 62")
    said = channel.receive(5)
    assert said is not None
    child = psutil.Process(int(said[0]))
    began = time.monotonic()
    channel.close()
    assert time.monotonic() - began < 4
    while not is_dead(child) and time.monotonic() - began < 6:
        time.sleep(0.01)  # it was killed too, but is not ours to wait for
    assert is_dead(child)
    assert channel.receive(5) == (b"", b"")
    assert channel.status(5) is None


def test_closing_from_another_thread_ends_a_wait(start: Start) -> None:
    channel = start("sleep 60")
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(channel.receive, 30)
        time.sleep(0.2)
        began = time.monotonic()
        channel.close()
        assert waiting.result(5) == (b"", b"")
        assert time.monotonic() - began < 2


def test_what_is_left_behind_with_its_pipes_does_not_hold_us(start: Start) -> None:
    channel = start("setsid sleep 60 & echo $!; exit 3")
    said = channel.receive(5)
    assert said is not None
    try:
        assert channel.receive(5) == (b"", b"")
        assert channel.status(5) == 3
    finally:
        os.kill(int(said[0]), signal.SIGTERM)


def test_it_has_no_terminal_to_ask_on(start: Start) -> None:
    channel = start("(echo password? > /dev/tty) 2>/dev/null || echo none")
    assert channel.receive(5) == (b"none\n", b"")


def test_what_cannot_be_started() -> None:
    with pytest.raises(FileNotFoundError):
        ProcessChannel(["/nowhere/ssh"], {})
