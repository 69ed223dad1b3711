"""What sshd says it works with, for checks of more than one role: so it is asked once.

sshd waits at a pipe among its files, and so would whoever asks it: where there is one in /etc/ssh, find fails first.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

MAIN = "/etc/ssh/sshd_config"
_ANYWAY = "test ! -x /usr/sbin/sshd || /usr/sbin/sshd -T"
EFFECTIVE = (
    r"test -x /usr/sbin/sshd && find -L /etc/ssh -type p -printf 'pipe %p\n' -exec false {} + && /usr/sbin/sshd -T"
)
_NOT_YET = 1  # what test and find say no with, and sshd never does


def effective(host: Any, reads: Callable[[str], bool]) -> tuple[Any, list[str]]:
    """What sshd works with, or at which pipes it would wait.

    Args:
        host: testinfra's host.
        reads: Whether sshd reads a path.

    Returns:
        The answer of `sshd -T`, with nothing in it where there is no sshd; and the pipes among what sshd reads, in
        which case it was not asked.
    """
    answer = host.run(EFFECTIVE)
    if answer.rc != _NOT_YET:
        return answer, []
    read = [path for line in answer.stdout.splitlines() if reads(path := line.removeprefix("pipe "))]
    return (answer if read else host.run(_ANYWAY)), read


def by_default(path: str) -> bool:
    """Whether sshd as Debian sets it up reads a path."""
    return path == MAIN or (path.startswith(f"{MAIN}.d/") and path.endswith(".conf"))


def waits(path: str) -> str:
    """What is left to the administrator about such a pipe."""
    return (
        f"{path} is a pipe, at which sshd waits when it reads its settings: take it away, or put a file in its place."
    )
