"""Why not even root can change the rights of files, so that apply cannot either. See chattr(1) and mount(8)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

_AT_ONCE = 200
# Only root learns from access(2) what would stop root.
_STUCK = "test \"$(id -u)\" != 0 || find {} -maxdepth 0 ! -writable -printf '%%p\\n'"
_FLAGS = "lsattr -d {}"
_MOUNT = "findmnt -nro OPTIONS,TARGET --target %s"


def stuck(host: Any, paths: Sequence[str]) -> dict[str, str]:
    """Of some paths, those that apply cannot close, each with why and what is left to the administrator."""
    found: dict[str, str] = {}
    for start in range(0, len(paths), _AT_ONCE):
        chunk = paths[start : start + _AT_ONCE]
        slots = " ".join(["%s"] * len(chunk))
        # Hosts may be without lsattr, and file systems without flags.
        found |= dict(_flagged(host.run(_FLAGS.format(slots), *chunk).stdout))
        for path in filter(None, host.run(_STUCK.format(slots), *chunk).stdout.split("\n")):
            found.setdefault(path, _stuck(host, path))
    return found


def _flagged(text: str) -> Iterator[tuple[str, str]]:
    for line in text.split("\n"):
        flags, _, path = line.partition(" ")
        sign = next((sign for sign in "ia" if sign in flags), "")
        if sign:
            what = {"i": "immutable", "a": "kept from all but growing"}[sign]
            yield path, f"{path} is {what}, so apply cannot close it: `chattr -{sign} {path}` lets it."


def _stuck(host: Any, path: str) -> str:
    options, _, target = host.run(_MOUNT, path).stdout.strip().partition(" ")
    if "ro" in options.split(","):
        return f"{path} is on {target}, which is mounted read-only, so apply cannot close it."
    return f"{path} is immutable, so apply cannot close it: `chattr -i {path}` lets it."
