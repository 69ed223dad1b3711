"""Backups judged from the backup host's side; what only the host can know, by what it wrote down."""

import pytest

SECRETS = ("key", "id_ed25519")


@pytest.mark.control("bkp-client-active")
def test_backups_are_taken_and_kept(host, vault, values, stored):
    for timer in ("opsharden-backup.timer", "opsharden-backup-prove.timer"):
        state = host.check_output(f"systemctl show --property=ActiveState,UnitFileState {timer}").splitlines()
        assert [timer, *sorted(state)] == [timer, "ActiveState=active", "UnitFileState=enabled"]
    assert secrets(host) == dict.fromkeys(SECRETS, "600 root")
    assert confinement(vault, values["backup_account"]) == {
        "forcecommand": "internal-sftp -u 0027",
        "chrootdirectory": f"{values['backup_server_dir']}/%u",
        "authorizedkeysfile": "/etc/ssh/opsharden-backup/%u",
        "disableforwarding": "yes",
    }
    assert stored != {}, "the backup host has no backup of this host"
    unsealed = [name for name, backup in stored.items() if backup["owner"] != "root" and backup["settled"] > 1]
    assert unsealed == [], "the host can still delete these backups"


@pytest.mark.control("bkp-fresh")
def test_newest_backup_is_fresh(record, stored, values):
    run = record("run")
    assert run.get("paths") == values["backup_paths"], "what the newest backup holds is not what is declared"
    assert missing(run, stored) == [], "the backup host does not have it"
    assert stored[run["snapshot"]]["hours"] <= values["backup_max_age_hours"]


@pytest.mark.control("bkp-restore-proved")
def test_restore_matched_lately(record, stored, values):
    restore = record("restore")
    assert restore.get("failure", "") == ""
    assert restore.get("mismatches", "never restored") == 0
    assert restore["files"] > 0
    assert missing(restore, stored) == [], "the backup host does not have the backup that was restored"
    assert restore["days"] <= values["backup_restore_max_age_days"]


def secrets(host):
    """Mode and owner of what opens the repository and the account."""
    folder = "/etc/opsharden/backup"
    listing = host.check_output(f"test ! -d {folder} || find {folder} -type f -printf '%f %m %u\\n'")
    modes = dict(line.split(maxsplit=1) for line in listing.splitlines())
    return {name: modes.get(name, "absent") for name in SECRETS}


def confinement(vault, account):
    """The settings the backup host's sshd works with for a login of the account."""
    lines = vault.check_output(f"sshd -T -C user={account},host=client,addr=192.0.2.1").splitlines()
    settings = dict(line.split(maxsplit=1) for line in lines if " " in line)
    wanted = ("forcecommand", "chrootdirectory", "authorizedkeysfile", "disableforwarding")
    return {name: settings.get(name) for name in wanted}


def missing(record, stored):
    """The backup a record names, unless the backup host has it."""
    return [record.get("snapshot")] if record.get("snapshot") not in stored else []
