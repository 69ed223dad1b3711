"""What the checks of this folder look at: the host's own records, and what the backup host has of it.

How old something is, is asked as "younger than so much": equal hosts give equal answers, and the answers stay the same
from run to run until the verdict changes.
"""

import json

import pytest

# `settled`: the file itself has not changed for an hour, and that time nobody can set back.
STORED = (
    "test ! -d %s || find %s -type f -printf '%%f %%u ' '(' -mmin %s -printf 'fresh ' -o -printf 'old ' ')' "
    "'(' -cmin -60 -printf 'new\\n' -o -printf 'settled\\n' ')'"
)
RECORD = "test ! -e %s || cat %s"
RECENT = "find /var/lib/opsharden/backup -maxdepth 1 -name %s -mmin %s -printf '%%f\\n'"


@pytest.fixture
def vault(peer, values):
    """The backup host, once somebody asks for it."""
    return lambda: peer(values["backup_server"])


@pytest.fixture
def stored(vault, values):
    """The backups the backup host has of this host, by id: whose file each is, whether fresh, whether settled."""

    def look():
        folder = f"{values['backup_server_dir']}/{values['backup_account']}/repo/snapshots"
        minutes = f"-{int(values['backup_max_age_hours']) * 60}"
        lines = vault().check_output(STORED, folder, folder, minutes).splitlines()
        return {name: (owner, age, since) for name, owner, age, since in map(str.split, lines)}

    return look


@pytest.fixture
def record(host):
    """What the host wrote down about its last `run` or `restore`; empty where there is none."""

    def read(name):
        path = f"/var/lib/opsharden/backup/{name}.json"
        text = host.check_output(RECORD, path, path)
        return json.loads(text) if text.strip() else {}

    return read


@pytest.fixture
def recent(host):
    """Whether a record was written in the last so many days."""
    return lambda name, days: host.run(RECENT, f"{name}.json", f"-{days * 1440}").stdout.strip() != ""
