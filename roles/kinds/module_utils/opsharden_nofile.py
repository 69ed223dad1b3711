"""What stands where a module wants to read or write a file, found out without opening it.

A pipe waits for whoever writes into it, a device may act when it is opened, a folder holds no lines; and whoever puts a
file in their place takes away what somebody uses.
"""

from __future__ import annotations

import os
import stat

_KINDS = ((stat.S_ISDIR, "a folder"), (stat.S_ISFIFO, "a pipe"), (stat.S_ISSOCK, "a socket"))


def odd(path: str) -> str:
    """What is there and is no file, links followed, in words.

    Empty for a file, where there is nothing, and for what leads to /dev/null, which is as good as nothing.
    """
    try:
        found = os.stat(path)
    except OSError:
        return ""
    words = next((words for is_it, words in _KINDS if is_it(found.st_mode)), "a device")
    return "" if stat.S_ISREG(found.st_mode) or is_null(path) else words


def is_null(path: str) -> bool:
    """Whether a path leads to /dev/null: nothing is to be read there."""
    return os.path.exists(path) and os.path.samefile(path, os.devnull)


def no_place(path: str) -> str:
    """What keeps text from being written to a path through its links, in words; empty where nothing does."""
    if is_null(path):
        return "a link to /dev/null"
    if os.path.islink(path) and not os.path.exists(path):
        return "a link to nothing"
    return odd(path)
