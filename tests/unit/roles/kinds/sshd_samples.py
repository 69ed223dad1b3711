"""Files of sshd as the tests write them down, and hosts that have them."""

from __future__ import annotations

from collections.abc import Mapping
from types import SimpleNamespace

MAIN = "/etc/ssh/sshd_config"

LINES = [
    ("MaxAuthTries 3", "3"),
    ("\tmaxauthtries\t3\t", "3"),
    ("MaxAuthTries=3", "3"),
    ("MaxAuthTries = 3 # three", "3"),
    ('MaxAuthTries "3"', "3"),
    ('"MaxAuthTries" 3', "3"),
    ("MaxAuthTries 3\r", "3"),
    ("# MaxAuthTries 3", None),
    ("Banner '/etc/a b' # c", "/etc/a b"),
    ("Banner /etc/a#b", "/etc/a#b"),
]
"""Ways to write a line, and the value in it; nothing where it says nothing."""


class Saying:
    """A host that gives the answers it was given."""

    def __init__(self, answers: Mapping[str, tuple[int, str, str]]) -> None:
        self._answers = answers
        self.asked: list[str] = []

    def run(self, command: str, *words: str) -> SimpleNamespace:
        self.asked.append(command % words if words else command)
        rc, stdout, stderr = self._answers.get(self.asked[-1], (1, "", f"{self.asked[-1]}: No such file or directory"))
        return SimpleNamespace(rc=rc, stdout=stdout, stderr=stderr)


def written(files: Mapping[str, str]) -> str:
    """Files as grep shows their lines."""
    return "".join(
        f"{path}:{number}:{line}\n"
        for path, text in files.items()
        for number, line in enumerate(text.splitlines(), start=1)
    )
