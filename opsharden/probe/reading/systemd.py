"""Files and words as systemd reads them, for checks of more than one role."""

from __future__ import annotations

import re
import shlex

from opsharden.probe.reading.found import Found

_ROOTS = ("/etc", "/run", "/usr/local/lib", "/usr/lib")


def in_order(found: Found, folder: str) -> list[str]:
    """The drop-ins of systemd's that count, in the order in which they do: see sysctl.d(5), CONFIGURATION DIRECTORIES.

    Of those with one name the one of the first root counts, whatever it is: a folder or a link to nothing masks others.

    Args:
        found: What is in `folder` below each of the roots.
        folder: Its name below them, such as `sysctl.d`.
    """
    by_name = {}
    for root in reversed(_ROOTS):
        here = [
            path for path in found.kinds if path.rpartition("/")[0] == f"{root}/{folder}" and path.endswith(".conf")
        ]
        by_name.update({path.rpartition("/")[2]: path for path in here})
    return [by_name[name] for name in sorted(by_name)]


def split(value: str) -> list[str]:
    """The words of a variable in a command line of systemd.service(5).

    A quote that does not end goes on to the end of the value; a backslash at the end is nothing.
    """
    value = re.sub(r"(?<!\\)((?:\\\\)*)\\$", r"\1", value)
    for end in ("", '"', "'"):
        try:
            return shlex.split(f"{value}{end}")
        except ValueError:
            continue
    return value.split()
