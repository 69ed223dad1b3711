"""What the checks of this folder look at: the host's own records, and what the backup host has of it.

How old something is, is asked as "younger than so much": equal hosts give equal answers, and the answers stay the same
from run to run until the verdict changes.
"""

import json

import pytest

# `ahead`: a clock was wrong, so that nobody knows how old it is. `settled`: the file itself has not changed for an
# hour, and that time nobody can set back.
STORED = (
    "test ! -d %s || find %s -type f -printf '%%f %%u ' "
    "'(' -newermt '10 minutes' -printf 'ahead ' -o -mmin %s -printf 'fresh ' -o -printf 'old ' ')' "
    "'(' -cmin -60 -printf 'new\\n' -o -printf 'settled\\n' ')'"
)
# What is no file holds no record, and may wait for ever.
RECORD = "test ! -f %s || cat %s"
AGE = (
    "find -L /var/lib/opsharden/backup -maxdepth 1 -name %s '(' -newermt '10 minutes' -printf ahead "
    "-o -mmin %s -printf fresh -o -printf old ')'"
)


@pytest.fixture
def vault(peer, values):
    """The backup host, once somebody asks for it."""
    return lambda: peer(values["backup_server"])


@pytest.fixture
def stored(vault, values):
    """The backups the backup host has of this host, by id: whose file each is, how old, and whether settled."""

    def look():
        folder = f"{values['backup_server_dir']}/{values['backup_account']}/repo/snapshots"
        minutes = f"-{int(values['backup_max_age_hours']) * 60}"
        lines = vault().check_output(STORED, folder, folder, minutes).splitlines()
        return {name: (owner, age, since) for name, owner, age, since in map(str.split, lines)}

    return look


@pytest.fixture
def record(host):
    """What the host wrote down about its last `run` or `restore`; empty where there is nothing that can be read."""

    def read(name):
        path = f"/var/lib/opsharden/backup/{name}.json"
        try:
            found = json.loads(host.check_output(RECORD, path, path) or "{}")
        except ValueError:
            return {}
        return found if isinstance(found, dict) else {}

    return read


@pytest.fixture
def age(host):
    """Whether a record was written in the last so many days: `fresh`, `old`, or `ahead`, dated in the future."""
    return lambda name, days: host.check_output(AGE, f"{name}.json", f"-{days * 1440}")
