"""What the checks of this folder look at."""

import pytest

from opsharden.model import Mismatch
from opsharden.probe.guarded import Limit, amiss, listed

# ls answers 2 where one of them is missing: most hosts have no opasswd.
LOOK = (
    "ls -ldn --time-style=+ / /etc /etc/security /etc/passwd /etc/passwd- /etc/group /etc/group- /etc/shadow "
    "/etc/shadow- /etc/gshadow /etc/gshadow- /etc/shells /etc/security/opasswd /etc/security/opasswd.old "
    "2>/dev/null || test $? -le 2"
)
NEEDED = ("/etc/passwd", "/etc/group", "/etc/shadow")


@pytest.fixture
def open_files(host):
    """What lets others at files that may allow no more than this; those that are not there let nobody in."""
    seen = listed(host.check_output(LOOK))

    def look(paths, mode, groups=None):
        limit = Limit(mode, {"0": "root", **(groups or {})})
        missing = [
            Mismatch(
                path, "not there", str(limit), by_hand=f"{path} is not there, and apply makes none: see pwconv(8)."
            )
            for path in paths
            if path in NEEDED and path not in seen
        ]
        wrong = [each for path in paths if path in seen for each in amiss(host, seen, path, limit)]
        return list(dict.fromkeys(missing + wrong))

    return look


@pytest.fixture
def shadow_group(host):
    """The group of the programs that check passwords, by its number; none where the host has no such group."""
    found = host.run_expect([0, 2], "getent group shadow").stdout.split(":")
    return {found[2]: "shadow"} if len(found) > 2 else {}
