"""What the checks of this folder look at: the host's own records, and what the backup host has of it."""

import json
import shlex

import pytest


@pytest.fixture
def vault(peer, values):
    """The backup host."""
    return peer(values["backup_server"])


@pytest.fixture
def stored(vault, values):
    """The backups the backup host has of this host, by id: their age in hours by its clock, whose file each is.

    `settled` is how many hours ago the file itself last changed, which nobody can set back.
    """
    folder = shlex.quote(f"{values['backup_server_dir']}/{values['backup_account']}/repo/snapshots")
    find = f"find {folder} -type f -printf '%f %u %T@ %C@\\n'"
    now, *lines = vault.check_output(f"date +%s; test ! -d {folder} || {find}").splitlines()
    found = {}
    for name, owner, *times in map(str.split, lines):
        hours, settled = (round((int(now) - float(moment)) / 3600, 1) for moment in times)
        found[name] = {"owner": owner, "hours": hours, "settled": settled}
    return found


@pytest.fixture
def record(host):
    """What the host wrote down about its last `run` or `restore`, and its age in days; empty where there is none."""

    def read(name):
        path = f"/var/lib/opsharden/backup/{name}.json"
        now, text = (host.check_output(f"date +%s; test ! -e {path} || cat {path}") + "\n").split("\n", 1)
        found = json.loads(text) if text.strip() else {}
        return {**found, "days": (int(now) - found.get("started", 0)) / 86400}

    return read
