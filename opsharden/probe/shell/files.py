"""Which files may be opened for reading: opening some of them already acts."""

from __future__ import annotations

import re

_FOLDED = re.compile(r"/(?:\.?/)+")
# A watchdog is started by being opened, traces are taken from who waits for them, and gawk connects to /inet.
_ACTS = re.compile(
    r"(?:\A|\A-\w+|[/=])(?:\.\.|dev(?!/null\Z)|kernel/(?:debug|tracing))(?:/|\Z)|/inet[46]?/(?:tcp|udp|raw)/"
)
# So are the kernel's messages, and what a process has open; it may also stand in /dev.
_ACTS_IN_PROC = re.compile(r"/(?:kmsg|fd|cwd|root)(?:/|\Z)")
_ORDINARY = re.compile(r"/(?!proc/|sys/)[^*?\[/][^*?\[]*/[^/]+/?")


def harmless_to_open(word: str) -> bool:
    """Whether a word of a command names no file that acts when it is opened; most words name no file at all."""
    if "/" not in word:
        return True
    path = _FOLDED.sub("/", word)
    in_proc = path.partition("proc/")[2]
    return not _ACTS.search(path) and not _ACTS_IN_PROC.search(f"/{in_proc}")


def harmless_to_open_all(pattern: str) -> bool:
    """The same for every path that matches a pattern of the shell: those in one directory, of ordinary files."""
    return harmless_to_open(pattern) and _ORDINARY.fullmatch(_FOLDED.sub("/", pattern)) is not None
