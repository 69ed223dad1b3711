"""Backups judged from the backup host's side; what only the host can know, by what it wrote down."""

import pytest

from opsharden.model import Mismatch

SECRETS = ("key", "id_ed25519")
FOLDER = "/etc/opsharden/backup"
MODES = f"test ! -d {FOLDER} || find {FOLDER} -type f -printf '%f %m %u\\n'"
TIMERS = ("opsharden-backup.timer", "opsharden-backup-prove.timer")
STATES = f"systemctl show --property=Id,ActiveState,UnitFileState {' '.join(TIMERS)}"


@pytest.mark.control("bkp-client-active")
def test_backups_are_taken_and_kept(host, vault, values, stored):
    mismatches = unkept(values)
    if not mismatches:
        hub = values["backup_server"]
        mismatches = [*timers(host), *secrets(host), *confinement(vault(), values)]
        backups = stored()
        if not backups:
            mismatches.append(Mismatch(f"backups of this host on {hub}", "none", "one at least"))
        for name, (owner, _, since) in backups.items():
            if owner != "root" and since == "settled":
                found = "the host can still delete it"
                mismatches.append(Mismatch(f"backup {name[:8]} on {hub}", found, "sealed within an hour"))
    assert mismatches == []


@pytest.mark.control("bkp-fresh")
def test_newest_backup_is_fresh(record, stored, values):
    mismatches = unkept(values)
    if not mismatches:
        run, backups = record("run"), stored()
        declared = values["backup_paths"]
        declared = [word.strip() for word in declared.split(",")] if isinstance(declared, str) else declared
        if run.get("paths") != declared:
            found = ", ".join(run.get("paths", [])) or "nothing"
            mismatches.append(Mismatch("the newest backup holds", found, ", ".join(declared)))
        mismatches += missing("the newest backup", run, backups, values)
        if not mismatches and backups[run["snapshot"]][1] != "fresh":
            hours = values["backup_max_age_hours"]
            mismatches.append(Mismatch("the newest backup", f"older than {hours} hours", f"at most {hours} hours old"))
    assert mismatches == []


@pytest.mark.control("bkp-restore-proved")
def test_restore_matched_lately(record, recent, stored, values):
    mismatches = unkept(values)
    if not mismatches:
        restore, days = record("restore"), int(values["backup_restore_max_age_days"])
        if not restore:
            mismatches.append(Mismatch("a restore", "never tried", f"tried within {days} days"))
        elif restore.get("failure"):
            mismatches.append(Mismatch("the last restore", f"failed: {restore['failure']}", "worked"))
        elif restore["mismatches"] or not restore["files"]:
            found = f"{restore['mismatches']} of {restore['files']} files do not match"
            mismatches.append(Mismatch("the last restore", found, "every file matches"))
        else:
            mismatches += missing("the backup that was restored", restore, stored(), values)
            if not recent("restore", days):
                mismatches.append(Mismatch("the last restore", f"older than {days} days", f"within {days} days"))
    assert mismatches == []


def unkept(values):
    """That no host is named that keeps backups."""
    if values["backup_server"]:
        return []
    by_hand = "Set backup_server to the inventory name of the host that keeps backups: apply does nothing without."
    return [Mismatch("backup_server", "not set", "a host of the inventory", by_hand=by_hand)]


def timers(host):
    """What is amiss with the schedule."""
    blocks = host.check_output(STATES).strip().split("\n\n")
    for block in blocks:
        state = dict(line.split("=", 1) for line in block.splitlines())
        found = f"{state['UnitFileState'] or 'not there'} and {state['ActiveState']}"
        if found != "enabled and active":
            yield Mismatch(state["Id"], found, "enabled and active")


def secrets(host):
    """What opens the repository and the account, where others than root may read it."""
    modes = dict(line.split(maxsplit=1) for line in host.check_output(MODES).splitlines())
    for name in SECRETS:
        found = modes.get(name, "absent")
        if found not in ("600 root", "400 root"):
            yield Mismatch(f"{FOLDER}/{name}", found, "600 root")


def confinement(vault, values):
    """Where the settings the backup host's sshd works with, for a login of the account, are not ours."""
    account = values["backup_account"]
    lines = vault.check_output("sshd -T -C %s", f"user={account},host=client,addr=192.0.2.1").splitlines()
    settings = dict(line.split(maxsplit=1) for line in lines if " " in line)
    declared = {
        "forcecommand": "internal-sftp -u 0027",
        "chrootdirectory": f"{values['backup_server_dir']}/%u",
        "authorizedkeysfile": "/etc/ssh/opsharden-backup/%u",
        "disableforwarding": "yes",
    }
    for name, wanted in declared.items():
        if settings.get(name) != wanted:
            where = f"sshd on {values['backup_server']}, for {account}: {name}"
            yield Mismatch(where, settings.get(name, "not set"), wanted)


def missing(what, record, backups, values):
    """The backup a record names, unless the backup host has it."""
    snapshot = record.get("snapshot")
    if snapshot in backups:
        return []
    found = f"{snapshot[:8]} is not there" if snapshot else "none was taken"
    return [Mismatch(f"{what} on {values['backup_server']}", found, "there")]
