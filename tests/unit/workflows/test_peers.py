"""A host that many others' checks look from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest

from opsharden.errors import TransportBroken
from opsharden.model import Observation, utcnow
from opsharden.probe.transports.transport import Answer, ask
from opsharden.workflows.peers import _Shared


class Frozen:
    """Answers once, and then no more: each further question would be waited for in vain."""

    host, is_root, platform = "hub", True, ""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def exchange(self, commands: Sequence[str]) -> Iterator[tuple[str, Answer]]:
        for command in commands:
            self.asked.append(command)
            if command != "first":
                raise TransportBroken("The host stopped answering.", "See its sshd.")
            yield command, Observation("hub", command, 0, b"1", b"", utcnow(), 0.0)

    def close(self) -> None: ...


def test_a_peer_that_was_lost_is_waited_for_once() -> None:
    frozen = Frozen()
    peer = _Shared(frozen)
    assert ask(peer, "first").stdout == b"1"
    for command in ("second", "third", "second"):
        with pytest.raises(TransportBroken, match="stopped answering") as caught:
            ask(peer, command)
        assert caught.value.advice
    assert ask(peer, "first").stdout == b"1"
    assert frozen.asked == ["first", "second"]
