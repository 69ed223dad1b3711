"""Why apply cannot close what it is to close."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import pytest

from opsharden.probe.reading.unchangeable import stuck


@dataclass
class Host:
    """What it says when it is asked for flags, for what cannot be written, and for a mount."""

    flags: str = ""
    unwritable: str = ""
    mount: str = ""
    flags_rc: int = 0

    def run(self, command: str, *words: str) -> Any:
        asked = command % words
        assert all(shlex.quote(word) in asked for word in words)
        said = next(text for sign, text in self._answers().items() if sign in asked)
        return SimpleNamespace(rc=self.flags_rc if "lsattr" in asked else 0, stdout=said, stderr="")

    def _answers(self) -> dict[str, str]:
        return {"lsattr": self.flags, "-writable": self.unwritable, "findmnt": self.mount}


PATHS = ["/etc/a", "/var/log/b"]


def test_what_can_be_changed_has_no_reason() -> None:
    assert stuck(Host(flags="--------------e------- /etc/a\n----------------------- /var/log/b\n"), PATHS) == {}
    assert stuck(Host(flags_rc=127), PATHS) == {}
    assert stuck(Host(), []) == {}


@pytest.mark.parametrize(
    ("host", "said"),
    [
        (Host(flags="----i---------e------- /etc/a\n"), "/etc/a is immutable, so apply cannot close it: `chattr -i"),
        (Host(flags="-----a--------e------- /etc/a\n"), "/etc/a is kept from all but growing"),
        (Host(unwritable="/etc/a\n", mount="rw,relatime /\n"), "/etc/a is immutable"),
        (Host(unwritable="/etc/a\n", mount="ro,nosuid /etc\n"), "/etc/a is on /etc, which is mounted read-only"),
    ],
)
def test_what_stands_in_the_way_is_said(host: Host, said: str) -> None:
    found = stuck(host, PATHS)
    assert list(found) == ["/etc/a"]
    assert found["/etc/a"].startswith(said)


def test_many_are_asked_for_in_several_questions() -> None:
    asked: list[int] = []

    class Counting(Host):
        def run(self, command: str, *words: str) -> Any:
            asked.append(len(words))
            return super().run(command, *words)

    stuck(Counting(), [f"/x/{number}" for number in range(450)])
    assert asked == [200, 200, 200, 200, 50, 50]
