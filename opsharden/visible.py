"""Text from hosts made harmless, before it is shown or quoted in a sentence."""

from __future__ import annotations

import re

_INVISIBLE = re.compile(
    "["
    "\x00-\x08\x0b-\x1f\x7f-\x9f"  # control characters other than tab and newline: ESC starts terminal commands
    "\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"  # zero width, bidirectional overrides
    "\ud800-\udfff\ufffe\uffff"  # surrogates and non-characters: not allowed in XML and UTF-8
    "\U000e0000-\U000e007f"  # tags: text nobody sees
    "]"
)


def visible(text: str) -> str:
    r"""Show what would otherwise act: a host must not steer the terminal or the reading order.

    Args:
        text: Anything, as it came from a host.

    Returns:
        The text with control, zero-width and bidirectional characters written as `\x1b` or `\u202e`;
        tab and newline stay. Always valid in XML 1.0 and UTF-8.
    """
    return _INVISIBLE.sub(_escape, text)


def visible_bytes(data: bytes) -> str:
    r"""Read raw output as UTF-8 and make it harmless; bytes that are not UTF-8 are written as `\xff`."""
    return visible(data.decode("utf-8", "backslashreplace"))


def quoted(said: str | bytes, longest: int = 300) -> str:
    """What somebody else said, fit to stand in a sentence of ours: on one line, harmless, cut, without its full stop.

    Args:
        said: Anything, as it came.
        longest: Characters that are kept.
    """
    # Cut first: however much came, this takes no longer for it.
    start = said[: 8 * longest]
    text = start if isinstance(start, str) else start.decode("utf-8", "backslashreplace")
    text = visible(" ".join(text.split())).rstrip(".")
    return text if len(text) <= longest and len(said) == len(start) else f"{text[:longest]}…"


def _escape(found: re.Match[str]) -> str:
    return found[0].encode("unicode_escape", "surrogatepass").decode("ascii")
