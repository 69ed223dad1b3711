"""The kinds of controls that are data: what a control of each kind may want, and how it is broken for its proof.

A kind is a module here, a module in `roles/kinds/library/` that brings it about, and a folder of checks in
`roles/kinds/checks/`. The two last share the data and no code, so that a slip in one shows in the other.
"""

from __future__ import annotations

from pydantic import ValidationError

from opsharden.catalogue.kinds import access, package, setting, sshd, sudo, sysctl, unit
from opsharden.catalogue.kinds.kind import Kind, options_in

KINDS: dict[str, Kind] = {
    "sysctl": sysctl.KIND,
    "sshd": sshd.KIND,
    "package": package.KIND,
    "sudo": sudo.KIND,
    "access": access.KIND,
    "unit": unit.KIND,
    "setting": setting.KIND,
}


def check_want(kind: str, want: object) -> None:
    """Hold what a control wants to the shape of its kind.

    Raises:
        ValueError: There is no such kind, or it wants something else; in words.
    """
    if kind not in KINDS:
        raise ValueError(f"there is no kind {kind}; kinds are {', '.join(KINDS)}")
    try:
        KINDS[kind].shape.validate_python(want)
    except ValidationError as error:
        problem = error.errors()[0]
        place = ".".join(str(part) for part in problem["loc"])
        raise ValueError(f"want{f' of {place}' if place else ''}: {problem['msg']}") from None


__all__ = ["KINDS", "Kind", "check_want", "options_in"]
