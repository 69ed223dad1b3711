"""A name that nothing has, and the nearest that something does have."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from opsharden.errors import CatalogueError


def unknown(what: str, given: str, there: Iterable[str], *, of: str = "", otherwise: str = "") -> CatalogueError:
    """The error for a name that is not there.

    Args:
        what: What it is to name, in the singular.
        given: The name.
        there: All names that there are.
        of: What is said behind the name.
        otherwise: The advice where none of them is near; without it, they are listed.
    """
    names = {name.casefold(): name for name in sorted(there)}
    near = difflib.get_close_matches(given.casefold(), names, n=1)
    if near:
        advice = f"Did you mean {names[near[0]]}?"
    else:
        advice = otherwise or f"{what.capitalize()}s are: {', '.join(names.values())}."
    return CatalogueError(f"There is no {what} {given}{of}.", advice)
