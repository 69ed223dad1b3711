"""What a cancelled run may have left running on a host."""

from __future__ import annotations

import shlex

_SCRIPT = r"""
mark=$1
found() {
  for environ in /proc/[0-9]*/environ; do
    pid=${environ#/proc/}; pid=${pid%/environ}
    [ "$pid" = $$ ] && continue
    tr '\0' '\n' <"$environ" 2>/dev/null | grep -qxF "OPSHARDEN_RUN=$mark" && echo "$pid"
  done
}
pids=$(found); [ -z "$pids" ] && { echo 0; exit 0; }
echo $pids | wc -w
kill -TERM $pids 2>/dev/null
sleep 1
pids=$(found); [ -z "$pids" ] || kill -KILL $pids 2>/dev/null
sleep 0.2
pids=$(found); [ -z "$pids" ]
"""


def leftovers_command(run_id: str) -> str:
    """A shell command that ends every process of a run on a host, to be run there as root.

    It prints how many there were, and fails where some could not be ended.
    """
    return f"sh -c {shlex.quote(_SCRIPT)} leftovers {shlex.quote(run_id)}"
