"""Several texts as one, so that none of them can be moved into another: each with its length before it."""

from __future__ import annotations

from collections.abc import Iterable


def joined(parts: Iterable[bytes]) -> bytes:
    """As in a netstring without its comma: `6:uptime1:0`."""
    return b"".join(b"%d:%s" % (len(part), part) for part in parts)


def apart(whole: bytes) -> list[bytes]:
    """The inverse of `joined`.

    Raises:
        ValueError: It is not the work of `joined`.
    """
    parts: list[bytes] = []
    at = 0
    while at < len(whole):
        colon = whole.index(b":", at)
        if not whole[at:colon].isdigit():
            raise ValueError("a part without its length")
        end = colon + 1 + int(whole[at:colon])
        parts.append(whole[colon + 1 : end])
        at = end
    if joined(parts) != whole:
        raise ValueError("the lengths are not those of the parts")
    return parts
