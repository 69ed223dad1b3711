"""What the checks of this folder look at: packages and who needs them, scheduled jobs and where links lead."""

import re

import pytest

# dpkg-query answers 1 where it does not know one of the packages, and passes over those that are named twice.
ROOM = 32
INSTALLED = (
    "dpkg-query --show --showformat='${Package} ${Status}\\n' "
    "%s %s %s %s %s %s %s %s %s %s %s %s %s %s %s %s %s %s %s %s %s %s %s %s %s %s %s %s %s %s %s %s"
    " 2>/dev/null || test $? -eq 1"
)
NEEDS = re.compile(r"^ (\S+?)(?::\w+)? (?:pre-)?depends on ", re.MULTILINE)

JOBS = (
    r"find /etc -maxdepth 2 \( -path /etc/crontab -o -path '/etc/cron.*' \) "
    r"\( -type d -printf 'd %m %u:%g %p\n' -o -type f -printf 'f %m %u:%g %p\n' -o -type l -printf 'l %m %u:%g %p\n' \)"
)
# From the root down to what the link leads to. A link to nothing has no such way.
WAY = (
    "test ! -e %s || { at=$(readlink -f %s); while :; do stat -c '%%F:%%a:%%U:%%n' \"$at\"; "
    'test "$at" != / || break; at=$(dirname "$at"); done; }'
)


def listed(purposes):
    """Purpose -> packages; where there is one only, it may stand without a list, as the fix takes it too."""
    return {
        purpose: list(map(str, packages)) if isinstance(packages, list) else [str(packages)]
        for purpose, packages in purposes.items()
    }


@pytest.fixture
def servers(values):
    return listed(values["services_servers"])


@pytest.fixture
def clients(values):
    return listed(values["services_clients"])


@pytest.fixture
def installed(host, servers, clients):
    """Of all packages the role knows, those that are there, even in part: name -> what is wanted of it (hold, ...)."""
    purposes = [*servers.values(), *clients.values()]
    names = sorted({name for packages in purposes for name in packages})
    found = {}
    for start in range(0, len(names), ROOM):
        chunk = names[start : start + ROOM]
        answer = host.check_output(INSTALLED, *chunk, *chunk[:1] * (ROOM - len(chunk)))
        words = [line.split() for line in answer.splitlines()]
        found |= {name: want for name, want, _, status in words if status not in ("not-installed", "config-files")}
    return found


@pytest.fixture
def needed_by(host):
    """Who could not do without a package, by dpkg's word: it only says what it would do."""

    def look(name):
        return sorted(set(NEEDS.findall(host.run("LC_ALL=C dpkg --no-act --remove %s", name).stderr)))

    return look


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
