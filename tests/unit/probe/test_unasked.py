from __future__ import annotations

import pytest

from opsharden.probe.unasked import reason, shown, unasked


@pytest.mark.parametrize(
    ("rc", "stderr", "why"),
    [
        (127, b"sh: 1: sudo: not found\n", "sudo is not installed (exit 127)"),
        (127, b"/bin/sh: line 1: sudo: command not found", "sudo is not installed (exit 127)"),
        (127, b"sh: sudo: not found", "sudo is not installed (exit 127)"),
        (127, b"", "sudo is not installed (exit 127)"),
        (127, b"sudo: error while loading shared libraries: libx.so", "sudo is not installed (exit 127)"),
        (
            126,
            b"sh: 1: sudo: Permission denied\n",
            "it may not be run there, sudo: Permission denied (exit 126)",
        ),
        (
            1,
            b"System has not been booted with systemd as init system (PID 1).\nFailed to connect to bus\n",
            "systemd does not run there (exit 1)",
        ),
        (1, b"Failed to connect to bus: No such file or directory\n", "systemd does not answer there (exit 1)"),
        (3, b"", "it did not say why (exit 3)"),
        (2, b"\n\ncat: /x: No such file or directory.\nmore", "cat: /x: No such file or directory (exit 2)"),
        (1, b"\x1b[2Jno\xff", "\\x1b[2Jno\\xff (exit 1)"),
        (-9, b"", "it did not say why (ended by SIGKILL)"),
        (137, b"", "it did not say why (ended by SIGKILL)"),
        (-99, b"", "it did not say why (ended by signal 99)"),
        (255, b"", "it did not say why (ended by signal 127)"),
    ],
)
def test_why_a_command_says_nothing(rc: int, stderr: bytes, why: str) -> None:
    assert reason("sudo -V", rc, stderr) == why


def test_a_sentence_is_short_whatever_a_host_says() -> None:
    said = unasked("x" * 10_000, 1, b"y" * 10_000_000).message
    assert len(said) < 500
    assert "\n" not in unasked("one\ntwo\nthree", 1, b"a\nb").message


def test_a_script_is_shown_by_its_first_line() -> None:
    assert shown("for home in /; do\n  x\ndone") == "`for home in /; do …`"
    assert shown("sudo -V") == "`sudo -V`"
