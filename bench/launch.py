"""Runs a command and writes down what it cost: `python launch.py REPORT COMMAND...`.

A process of its own, and a small one, because the kernel counts the memory of the process that starts a command as the
command's own: getrusage(2), ru_maxrss, "is inherited through execve".
"""

import json
import os
import signal
import sys
import time


def main() -> int:
    """Run it to its end; end it when told to end.

    Returns:
        Its exit code.
    """
    report, *words = sys.argv[1:]
    began = time.monotonic()
    child = os.posix_spawnp(words[0], words, os.environ)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: os.kill(child, signal.SIGTERM))
    _, status, usage = os.wait4(child, 0)
    cost = {
        "wall": time.monotonic() - began,
        "cpu": usage.ru_utime + usage.ru_stime,
        "peak": usage.ru_maxrss * 1024,
    }
    with open(report, "w", encoding="utf-8") as file:  # noqa: PTH123 - pathlib would double our size
        json.dump(cost, file)
    return os.waitstatus_to_exitcode(status) % 256


if __name__ == "__main__":
    sys.exit(main())
