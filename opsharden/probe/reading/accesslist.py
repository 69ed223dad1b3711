"""Access control lists of files: who is let in beside owner, group and everybody. See acl(5).

Hosts need no tools for them: ls marks the files that have one, and Python reads it as the kernel keeps it.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from typing import Any

_LS = re.compile(r".\S{9}\+\S* +\d+ \d+ +\d+ +.*? (/.*)")
_READ = (
    "python3 -I -c 'import os, sys; "
    'print(os.getxattr(sys.argv[1], "system.posix_acl_access", follow_symlinks=False).hex())\' %s'
)
_ENTRY = struct.Struct("<HHI")
_USER, _GROUP, _MASK = 0x02, 0x08, 0x10
_VERSION = 4  # bytes before the first entry


def listed(text: str) -> Iterator[str]:
    """The paths that have a list, of what `ls -ldn --time-style=+` shows."""
    for match in map(_LS.fullmatch, text.split("\n")):
        if match:
            yield match[1]


def beyond(host: Any, path: str, allowed: int) -> str:
    """What the list of a file lets accounts do that it names, beyond what is allowed, in words; empty for nothing.

    Args:
        host: testinfra's host.
        path: The file; it has a list.
        allowed: Bits of one digit of a mode.
    """
    answer = host.run(_READ, path)
    if answer.rc != 0:
        return "an access list may let more accounts in"
    entries = list(_ENTRY.iter_unpack(bytes.fromhex(answer.stdout.strip())[_VERSION:]))
    mask = next((rights for tag, rights, _ in entries if tag == _MASK), 0o7)
    named = [(tag, rights & mask & ~allowed, number) for tag, rights, number in entries if tag in (_USER, _GROUP)]
    who = [f"{'user' if tag == _USER else 'group'} {number} {_does(more)}" for tag, more, number in named if more]
    return f"an access list lets {', '.join(who)}" if who else ""


def _does(rights: int) -> str:
    return " and ".join(word for bit, word in ((4, "read"), (2, "write"), (1, "run")) if rights & bit)
