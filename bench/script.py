"""The floor: what a verify asked, as one shell script for each host over one plain ssh."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from bench.cost import BenchError, Cost, at_once
from bench.fleet import Fleet

Commands = Mapping[str, tuple[str, ...]]
"""Host to commands."""

_END = "opsharden-bench: all asked"
# What would change the rest of the script, or end it, goes into a shell of its own; the others are spared the fork.
_LEAKS = re.compile(r"\b(?:exit|exec|cd|set|trap|umask|export|return)\b|^\s*\w+=")


def distinct(fleet: Fleet, run: str) -> Commands:
    """All commands that the checks of a run stand on, each once, by the host that answered.

    What checks of many hosts ask of one other host goes to that host.
    """
    asked: dict[str, dict[str, None]] = {}
    with fleet.evidence() as store:
        for taken in store.observed(run).values():
            for seen in taken:
                asked.setdefault(seen.host, {})[seen.command] = None
    return {host: tuple(commands) for host, commands in asked.items()}


def script(commands: Sequence[str]) -> bytes:
    """One POSIX shell script that runs all commands; none of them reads the script itself."""
    lines = [f"( {command}\n)" if _LEAKS.search(command) else command for command in commands]
    return "\n".join(["{", *lines, f"echo '{_END}'", "} </dev/null", ""]).encode()


def ask(fleet: Fleet, commands: Commands) -> Cost:
    """Run the scripts, on all hosts at the same time; what they print is read and dropped.

    Raises:
        BenchError: A script did not come to its end.
    """
    words = {host: fleet.ssh(host, "sudo", "sh", "-s") for host in commands}
    cost, printed = at_once(words, {host: script(lines) for host, lines in commands.items()})
    for host, output in printed.items():
        if not output.rstrip().endswith(_END.encode()):
            raise BenchError(f"The floor script of {host} did not come to its end: {output[-200:]!r}")
    return cost
