"""What a cancelled run may have left running on a host."""

from __future__ import annotations

import shlex

_SCRIPT = r"""
[ "$(id -u)" = 0 ] && command -v grep >/dev/null || { echo "must be root and have grep" >&2; exit 3; }
marked() { grep -lzxF -e "OPSHARDEN_RUN=$1" /proc/[0-9]*/environ 2>/dev/null | cut -d/ -f3; }
found=$(marked "$1")
echo $found | wc -w
[ -n "$found" ] || exit 0
kill -TERM $found 2>/dev/null
for i in 1 2 3 4 5 6 7 8 9 10; do [ -n "$(marked "$1")" ] || exit 0; sleep 0.2; done
kill -KILL $(marked "$1") 2>/dev/null
sleep 0.2
[ -z "$(marked "$1")" ]
"""


def leftovers_command(run_id: str) -> str:
    """A shell command that ends every process of a run on a host, asynchronous jobs included; to be run as root.

    It prints how many there were and exits 0 when none is left, 1 when some would not go, 3 when it could not look.
    """
    return f"sh -c {shlex.quote(_SCRIPT)} leftovers {shlex.quote(run_id)}"
