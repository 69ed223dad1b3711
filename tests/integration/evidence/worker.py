"""A process that files hosts without end: `worker.py DATABASE [BYTES]`, the latter a limit on file size.

Prints the run's id, then each host once it is safely filed. On an error of ours: its message, and exit code 1.
"""

from __future__ import annotations

import resource
import sys
from itertools import count

from opsharden.errors import OpshardenError
from opsharden.evidence import Store, new_run_id
from opsharden.model import Finding, HostStatus, Member, Observation, Run, RunState, Verdict, utcnow


def say(line: str) -> None:
    """To whoever started this process, at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def work(database: str) -> None:
    """File one host after the other, each with 50 answers of its own."""
    now = utcnow()
    with Store.open(database) as store:
        run = store.begin(Run(new_run_id(now), "verify", RunState.RUNNING, now, "admin", "desk", "verify", "0.1.0"))
        say(run.id)
        for number in count():
            host = f"web{number}"
            seen = [
                Observation(host, f"command {n}", 0, b"%d on %d\n" % (n, number) * 20, b"", now, 0.1) for n in range(50)
            ]
            found = [
                Finding(host, f"control-{n}", Verdict.PASS, observations=(each.digest,)) for n, each in enumerate(seen)
            ]
            store.add_host(run.id, Member(host, HostStatus.TESTED), found, seen)
            say(host)


if __name__ == "__main__":
    if len(sys.argv) > 2:
        resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), int(sys.argv[2])))
    try:
        work(sys.argv[1])
    except OpshardenError as error:
        sys.stderr.write(f"{error.message} {error.advice}\n")
        sys.exit(error.exit_code)
