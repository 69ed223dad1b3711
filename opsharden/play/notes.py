"""What a module says of a change it made, beyond that it made one."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

NOTE = "opsharden_note"
"""The key in a module's result under which it says, in a sentence or several, what it did and to what."""

# apt-get's own words, the same in a dry run; the list that follows is indented, and a purge is marked with a star.
_APT = {
    "installed": "The following NEW packages will be installed:",
    "removed": "The following packages will be REMOVED:",
    "upgraded": "The following packages will be upgraded:",
    "downgraded": "The following packages will be DOWNGRADED:",
}


def noted(result: Mapping[str, Any], action: str) -> Iterator[str]:
    """The sentences in a result, those of a loop's changed items included.

    Args:
        result: A task's result on one host.
        action: The module, as the task names it.
    """
    note = result.get(NOTE) or ()
    yield from (str(sentence) for sentence in ([note] if isinstance(note, str) else note))
    if action.rpartition(".")[2] == "apt":
        yield from _packages(str(result.get("stdout", "")))
    for item in result.get("results") or ():
        if isinstance(item, dict) and item.get("changed"):
            yield from noted(item, action)


def _packages(stdout: str) -> Iterator[str]:
    for what, heading in _APT.items():
        if found := re.search(rf"^{re.escape(heading)}\n((?:[ ].*\n?)+)", stdout, re.MULTILINE):
            names = sorted(name.rstrip("*") for name in found[1].split() if not name.startswith("("))
            yield f"{what.capitalize()}: {', '.join(names)}."
