"""The lease on a host: two runs that change it never do so at the same time, from whatever control nodes.

It is a lock that root holds on the host, in a process at the far end of a connection of ours, and it ends with that
process. A holder that vanished without a word (its machine lost power) is known by its silence, and puts nobody off.
"""

from __future__ import annotations

import json
import shlex
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass

from opsharden.errors import HostError, HostHeld, TransportBroken
from opsharden.model import Host, Run
from opsharden.ssh.connection import Connection
from opsharden.ssh.pipe import Pipe
from opsharden.ssh.session import open_session
from opsharden.visible import quoted

PATH = "/run/opsharden.lease"
"""The file that is locked, with flock(2); only root can write where it is. It goes with the lease."""

_BEAT = 20.0
"""Seconds between signs of life."""

# Ages are measured by the time since the host's start, which no clock that is set can jump over.
_SCRIPT = r"""
file=$1 holder=$2 silent=120
umask 077
now() { read -r up rest </proc/uptime && echo "${up%.*}"; }
beat() { printf '%s %s %s\n' "$(now)" "$$" "$holder" >"$file"; }
if [ "$(id -u)" != 0 ]; then echo held; exec cat >/dev/null; fi
tries=0
while :; do
  exec 9<>"$file" || exit 1
  if flock -n 9; then
    # Not if it is the file of one that is just going.
    [ "$(stat -c %i "$file" 2>/dev/null)" = "$(stat -L -c %i "/proc/$$/fd/9")" ] && break
  else
    read -r at pid who 2>/dev/null <"$file"
    case $at$pid in
      '' | *[!0-9]*) ;;
      *)
        if [ $(($(now) - at)) -gt $silent ] && tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null | grep -q opsharden-lease
        then kill -KILL "$pid"; fi
        ;;
    esac
    if [ $tries -ge 3 ]; then printf 'taken %s\n' "$who"; exit 0; fi
    sleep 0.3
  fi
  tries=$((tries + 1))
  [ $tries -lt 20 ] || exit 1
done
trap 'rm -f "$file"' EXIT
trap 'exit 0' HUP INT TERM
beat
echo held
while read -r sign; do beat; done
"""


@dataclass(frozen=True)
class Holder:
    """Who holds a lease, as is told to whom it is refused.

    Attributes:
        run: The run's id.
        operator: Who started it.
        node: The control node's name.
        since: When the run began, UTC.
    """

    run: str
    operator: str
    node: str
    since: str

    @classmethod
    def of(cls, run: Run) -> Holder:
        """The holder that a run is."""
        return cls(run.id, run.operator, run.control_node, f"{run.started_at:%Y-%m-%d %H:%M:%S} UTC")


class Taken(HostHeld):
    """Another run has the lease.

    Attributes:
        run: Its id; empty where it does not say.
    """

    def __init__(self, message: str, advice: str, run: str = "") -> None:
        super().__init__(message, advice)
        self.run = run


@contextmanager
def held(host: Host, connection: Connection, holder: Holder, timeout: float) -> Iterator[None]:
    """Hold the lease on a host for as long as the block lasts.

    Args:
        host: Says how to become root there.
        connection: To that host.
        holder: Who we are.
        timeout: Seconds until it has to be ours.

    Raises:
        Taken: Another run has it.
        HostError: It could not be asked for.
    """
    command = shlex.join(["exec", "sh", "-c", _SCRIPT, "opsharden-lease", PATH, json.dumps(asdict(holder))])
    pipe, _ = open_session(host, connection, command, timeout)
    answer, _, who = pipe.line(timeout).partition(b" ")
    if answer == b"taken":
        raise _taken(host, who)
    if answer != b"held":
        raise TransportBroken(
            f"{host.name} answers with what is no answer: {quoted(answer[:100].decode(errors='replace'))}."
        )
    over = threading.Event()
    beating = threading.Thread(target=_beat, args=(pipe, over), daemon=True)
    beating.start()
    try:
        yield
    finally:
        over.set()
        beating.join()


def _beat(pipe: Pipe, over: threading.Event) -> None:
    while not over.wait(_BEAT):
        try:
            pipe.send(b"\n", _BEAT)
        except HostError:
            return  # the host is lost, which whoever works on it finds out


def _taken(host: Host, who: bytes) -> Taken:
    run, by = "", "another run"
    try:
        holder = Holder(**{name: quoted(str(value), 60) for name, value in json.loads(who).items()})
        run, by = holder.run, f"the run {holder.run} of {holder.operator} on {holder.node}, since {holder.since}"
    except (ValueError, TypeError, AttributeError, RecursionError):
        pass  # whatever a host says instead
    advice = "Nothing was changed there; run it again when that one has ended."
    return Taken(f"{host.name} is being changed by {by}.", advice, run)
