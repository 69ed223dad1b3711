from __future__ import annotations

import time

import pytest

from opsharden.errors import TransportBroken
from opsharden.probe.local import LocalTransport
from opsharden.probe.transport import OUTPUT_LIMIT


def test_streams_and_status_are_kept_apart() -> None:
    seen = LocalTransport("here", 5).run("echo out; echo err >&2; exit 7")
    assert (seen.rc, seen.stdout, seen.stderr, seen.truncated) == (7, b"out\n", b"err\n", False)


def test_output_beyond_the_limit_is_cut_and_said_to_be() -> None:
    seen = LocalTransport("here", 60).run("head -c 20000000 /dev/zero")
    assert (len(seen.stdout), seen.truncated, seen.rc) == (OUTPUT_LIMIT, True, 0)


@pytest.mark.parametrize("command", ["sleep 60", "sleep 60 >/dev/null 2>&1", "yes"])
def test_a_late_command_is_ended_with_its_children_and_is_no_answer(command: str) -> None:
    began = time.monotonic()
    with pytest.raises(TransportBroken, match="did not end within"):
        LocalTransport("here", 0.5).run(command)
    assert time.monotonic() - began < 30


def test_every_host_speaks_one_language() -> None:
    assert LocalTransport("here", 5).run("echo $LC_ALL; pwd").stdout == b"C.UTF-8\n/\n"
