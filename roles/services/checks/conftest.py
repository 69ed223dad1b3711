"""What the checks of this folder look at: scheduled jobs, and where links lead."""

import pytest

JOBS = (
    r"find /etc -maxdepth 2 \( -path /etc/crontab -o -path '/etc/cron.*' \) "
    r"\( -type d -printf 'd %m %u:%g %p\n' -o -type f -printf 'f %m %u:%g %p\n' -o -type l -printf 'l %m %u:%g %p\n' \)"
)
# From the root down to what the link leads to. A link to nothing has no such way.
WAY = (
    "test ! -e %s || { at=$(readlink -f %s); while :; do stat -c '%%F:%%a:%%U:%%n' \"$at\"; "
    'test "$at" != / || break; at=$(dirname "$at"); done; }'
)


@pytest.fixture
def way_to(host):
    """From what a link leads to up to the root: kind, mode, owner and path of each step; nothing where it ends."""

    def look(path):
        lines = host.check_output(WAY, path, path).splitlines()
        steps = [line.split(":", 3) for line in lines]
        return [(kind, int(mode, 8), owner, step) for kind, mode, owner, step in steps]

    return look


@pytest.fixture
def jobs(host):
    """Kind (d, f, l), mode, owner and path of everything that holds scheduled jobs, and of the jobs."""
    lines = [line.split(maxsplit=3) for line in host.check_output(JOBS).splitlines()]
    found = [(kind, int(mode, 8), owner, path) for kind, mode, owner, path in lines]
    # Of the folders only; /etc/cron.allow and /etc/cron.deny say who may have jobs of his own.
    return [job for job in found if not (job[0] == "f" and job[3].startswith("/etc/cron.") and job[3].count("/") == 2)]
