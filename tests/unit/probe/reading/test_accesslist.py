"""Whom an access list lets in, of what the kernel keeps."""

from __future__ import annotations

import struct
from types import SimpleNamespace
from typing import Any

import pytest

from opsharden.probe.reading.accesslist import beyond, listed

NOBODY = 2**32 - 1


def host(*named: tuple[int, int, int], mask: int = 7, rc: int = 0) -> Any:
    entries = [(1, 6, NOBODY), *named, (4, 6, NOBODY), (16, mask, NOBODY), (32, 0, NOBODY)]
    raw = struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *entry) for entry in entries)
    return SimpleNamespace(run=lambda *_: SimpleNamespace(rc=rc, stdout=f"{raw.hex()}\n"))


def test_ls_marks_files_that_have_a_list() -> None:
    text = "-rw-rw----+ 1 0 42 9  /etc/a file\n-rw-r----- 1 0 42 9  /etc/shadow\ndrwxr-x---+ 2 0 0 40  /var/log/x\n"
    assert list(listed(text)) == ["/etc/a file", "/var/log/x"]


@pytest.mark.parametrize(
    ("named", "mask", "allowed", "said"),
    [
        ([(2, 6, 5)], 7, 0, "an access list lets user 5 read and write"),
        ([(2, 6, 5)], 7, 4, "an access list lets user 5 write"),
        ([(2, 6, 5)], 4, 0, "an access list lets user 5 read"),
        ([(2, 6, 5)], 4, 4, ""),
        ([(2, 0, 5)], 7, 0, ""),
        ([(8, 4, 7), (2, 1, 5)], 7, 0, "an access list lets group 7 read, user 5 run"),
        ([], 7, 0, ""),
    ],
)
def test_what_goes_beyond_is_said(named: list[tuple[int, int, int]], mask: int, allowed: int, said: str) -> None:
    assert beyond(host(*named, mask=mask), "/x", allowed) == said


def test_a_list_that_cannot_be_read_may_let_others_in() -> None:
    assert "may let more accounts in" in beyond(host(rc=127), "/x", 0)
