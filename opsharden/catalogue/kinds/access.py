"""The kind `access`: who can change files and folders, and who can read them. See path_resolution(7), acl(5)."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, TypeAdapter

from opsharden.catalogue.kinds.kind import Entry, Kind

Name = Annotated[str, Field(pattern=r"^[a-z_][a-z0-9_-]*$")]
"""Of an account or a group."""

Names = Name | Annotated[list[Name], Field(min_length=1)]


class Mode(Entry):
    """Permission bits, as chmod(1) takes them in numbers; between quotes, since YAML has octal numbers of its own."""

    at_most: Annotated[str, Field(pattern=r"^[0-7]{3,4}$")]


class Wanted(Entry):
    """What a file, a folder, or each of several may allow.

    Attributes:
        mode: The most permissions; a stricter mode stays.
        owner: The accounts it may belong to, anybody where not said; it is given to the first.
        group: The groups, likewise.
        by_list: What its access list may let further accounts do, beyond what everybody may.
        absent: What it is if nothing is there; `not_applicable`: if nothing is there of all that say so.
    """

    mode: Mode
    owner: Names | None = None
    group: Names | None = None
    by_list: Literal["r", "rx", "rw", "rwx"] | None = None
    absent: Literal["wrong", "not_applicable"] | None = None


def _named(path: str) -> str:
    """Nothing that goes up again, and trees that begin somewhere."""
    *parts, last = path.removesuffix("/").split("/")[1:]
    if last == "**":
        plain = parts and not any("*" in part for part in parts)
    else:
        plain = not path.startswith("/*") and not any("**" in part for part in (*parts, last))
    if not plain or {".", ".."}.intersection((*parts, last)):
        raise ValueError("a path begins with a folder, goes up nowhere, and has `**` alone, at its end, behind no `*`")
    return path


Path = Annotated[str, Field(pattern=r"^(/[\w.@+:,=~*-]+)+/?$"), AfterValidator(_named)]
"""A file; folders, with `/` at the end; `*` for anything in a name; `/**` at the end for all that is below."""


def _break(want: Mapping[str, Mapping[str, Any]]) -> str:
    """Everybody may write to what the first path names, or to something new there."""
    path = next(iter(want))
    names = path.strip("/").replace("**", "proof").replace("*", "proof")
    target = shlex.quote(f"/{names}")
    make = "mkdir -p" if path.endswith("/") else "touch"
    return f"mkdir -p {shlex.quote(f'/{names}'.rpartition('/')[0] or '/')} && {make} {target} && chmod o+w {target}"


KIND = Kind(
    TypeAdapter(Annotated[dict[Path, Wanted], Field(min_length=1)]),
    _break,
    "/fill/in: {owner: root, mode: {at_most: '0644'}, absent: wrong} # or /a/folder/, /some/*.conf, /all/below/**",
)
