"""Backups judged from the backup host's side; what only the host can know, by what it wrote down."""

import pytest

from opsharden.model import Mismatch

FOLDER, CLIENT = "/etc/opsharden/backup", "/usr/local/sbin/opsharden-backup"
# What each may be for others, and what is wanted.
OWNED = {
    FOLDER: (0o077, "700 root"),
    f"{FOLDER}/key": (0o177, "600 root"),
    f"{FOLDER}/id_ed25519": (0o177, "600 root"),
    CLIENT: (0o022, "755 root"),
}
STATS = f"for each in {' '.join(OWNED)}; do test ! -e $each || stat -L -c '%n %a %U %F' $each; done"
LINKS = f"find {' '.join(OWNED)} -maxdepth 0 -type l 2>/dev/null || true"
TIMERS = ("opsharden-backup.timer", "opsharden-backup-prove.timer")
SERVICES = {"run": "opsharden-backup@run.service", "prove": "opsharden-backup@prove.service"}
STATES = (
    "systemctl show --property=Id,LoadState,ActiveState,SubState,UnitFileState,DropInPaths,ExecStart "
    f"{' '.join((*TIMERS, *SERVICES.values()))}"
)
SAID_FIRST = (
    "grep -HnisE '^[[:space:]]*(forcecommand|chrootdirectory|authorizedkeysfile|disableforwarding)' "
    "/etc/ssh/sshd_config.d/*.conf /etc/ssh/sshd_config || true"
)


@pytest.mark.control("bkp-client-active")
def test_backups_are_taken_and_kept(host, vault, values, stored, asset):
    mismatches = unkept(values, asset)
    if not mismatches:
        hub = values["backup_server"]
        mismatches = [*schedule(host), *owned(host), *confinement(vault(), values), *kept_apart(vault(), values)]
        backups = stored()
        if not backups:
            mismatches.append(Mismatch(f"backups of this host on {hub}", "none", "one at least"))
        for name, (owner, _, since) in backups.items():
            if owner != "root" and since == "settled":
                found = "the host can still delete it"
                mismatches.append(Mismatch(f"backup {name[:8]} on {hub}", found, "sealed within an hour"))
    assert mismatches == []


@pytest.mark.control("bkp-fresh")
def test_newest_backup_is_fresh(record, stored, values, asset):
    mismatches = unkept(values, asset)
    if not mismatches:
        run, backups = record("run"), stored()
        declared = values["backup_paths"]
        declared = [word.strip() for word in declared.split(",")] if isinstance(declared, str) else declared
        if run.get("paths") != declared:
            found = ", ".join(run.get("paths", [])) or "nothing"
            mismatches.append(Mismatch("the newest backup holds", found, ", ".join(declared)))
        mismatches += missing("the newest backup", run, backups, values)
        if not mismatches:
            hours = values["backup_max_age_hours"]
            mismatches += aged("the newest backup", backups[run["snapshot"]][1], f"{hours} hours")
    assert mismatches == []


@pytest.mark.control("bkp-restore-proved")
def test_restore_matched_lately(record, age, stored, values, asset):
    mismatches = unkept(values, asset)
    if not mismatches:
        restore, days = record("restore"), int(values["backup_restore_max_age_days"])
        mismatches = unmatched(restore, days)
        if not mismatches:
            mismatches += missing("the backup that was restored", restore, stored(), values)
            mismatches += aged("the last restore", age("restore", days), f"{days} days")
    assert mismatches == []


def unkept(values, asset):
    """That no other host is named that keeps backups."""
    if values["backup_server"] not in ("", asset):
        return []
    found = "this host itself" if values["backup_server"] else "not set"
    by_hand = "Set backup_server to the inventory name of the host that keeps backups: apply does nothing without."
    return [Mismatch("backup_server", found, "another host of the inventory", by_hand=by_hand)]


def unmatched(restore, days):
    """That no restore brought back every file."""
    if not restore:
        return [Mismatch("a restore", "never tried", f"tried within {days} days")]
    if restore.get("failure"):
        return [Mismatch("the last restore", f"failed: {restore['failure']}", "worked")]
    files, amiss = restore.get("files", 0), restore.get("mismatches")
    if files and amiss == 0:
        return []
    found = "no file was compared" if not files else f"{amiss} of {files} files do not match"
    return [Mismatch("the last restore", found, "every file matches")]


def aged(what, age, most):
    """That something is too old, or nobody knows how old."""
    if age == "fresh":
        return []
    return [Mismatch(what, "dated in the future" if age == "ahead" else f"older than {most}", f"at most {most} old")]


def schedule(host):
    """What is amiss with the timers and with what they start."""
    blocks = [dict(map(halves, block.splitlines())) for block in host.check_output(STATES).strip().split("\n\n")]
    units = {state["Id"]: state for state in blocks}
    for name in TIMERS:
        state = units[name]
        found = f"{state['UnitFileState'] or 'not there'} and {state['ActiveState']}"
        found = f"{found}, but not due again" if state["SubState"] == "elapsed" else found
        if found != "enabled and active":
            yield Mismatch(name, found, "enabled and active", state["DropInPaths"], left(state))
    for verb, name in SERVICES.items():
        state, wanted = units[name], f"{CLIENT} {verb}"
        command = state.get("ExecStart", "").partition("argv[]=")[2].partition(" ;")[0]
        if state["LoadState"] == "masked":
            yield Mismatch(name, "masked", "not masked")
        elif wanted not in command:
            by_hand = f"Apply leaves the drop-ins of others: have {state['DropInPaths']} run {wanted}, or remove it."
            by_hand = by_hand if state["DropInPaths"] else ""
            yield Mismatch(name, f"runs {command or 'nothing'}", f"runs {wanted}", state["DropInPaths"], by_hand)


def halves(line):
    """Name and value of a property of systemd's."""
    return line.split("=", 1)


def left(state):
    """Why apply does not make a timer due again; empty where it does."""
    if state["LoadState"] != "bad-setting" and state["SubState"] != "elapsed":
        return ""
    if state["DropInPaths"]:
        return f"Apply leaves the drop-ins of others: have {state['DropInPaths']} name a time to come, or remove it."
    return "Set backup_schedule and backup_prove_schedule to times that come again."


def owned(host):
    """What opens the repository and the account or is run as root, where it is not there or others may use it."""
    lines = host.check_output(STATS).splitlines()
    found = {path: tuple(rest) for path, *rest in (line.split(maxsplit=3) for line in lines)}
    links = host.check_output(LINKS).splitlines()
    for path, (not_for, wanted) in OWNED.items():
        mode, user, kind = found.get(path, ("0", "", "absent"))
        is_one = kind == "directory" if path == FOLDER else kind.endswith("file")
        if not is_one:
            by_hand = "" if kind == "absent" else f"{path} is a {kind}, which apply leaves: put it away."
            yield Mismatch(path, kind, wanted, by_hand=by_hand)
        elif user != "root" or int(mode, 8) & not_for or not (int(mode, 8) & 0o100 or path.startswith(f"{FOLDER}/")):
            by_hand = f"{path} is a link, and apply leaves what it leads to: close that." if path in links else ""
            yield Mismatch(path, f"{mode} {user}", wanted, by_hand=by_hand)


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
    wrong = {name: settings.get(name, "not set") for name in declared if settings.get(name) != declared[name]}
    # Where nothing of ours counts, our file or the account is amiss, and not what others say.
    said = vault.check_output(SAID_FIRST).splitlines() if 0 < len(wrong) < len(declared) else []
    for name, found in wrong.items():
        what = f"sshd on {values['backup_server']}, for {account}: {name}"
        where = said_by_others(said, name, found)
        by_hand = f"{where} counts before ours, and apply leaves it: take it out of what is said for {account}."
        yield Mismatch(what, found, declared[name], where, by_hand if where else "")


def said_by_others(said, name, found):
    """File and line that say what a setting is, where that is not our file."""
    for path, number, text in (line.split(":", 2) for line in said):
        words = text.split(maxsplit=1)
        if words[0].lower() == name and words[-1].strip().strip('"') == found:
            return f"{path}:{number}"
    return ""


def kept_apart(vault, values):
    """Where others on the backup host come at what the account has, or a second key opens it."""
    account, hub = values["backup_account"], values["backup_server"]
    home, keys = f"{values['backup_server_dir']}/{account}", f"/etc/ssh/opsharden-backup/{account}"
    for path, not_for, wanted in ((home, 0o027, "750 root"), (f"{home}/repo", 0o007, "1770 root")):
        answer = vault.check_output("test ! -e %s || stat -L -c '%%a %%U' %s", path, path)
        mode, user = answer.split() if answer else ("0", "absent")
        if user != "root" or int(mode, 8) & not_for:
            yield Mismatch(f"{path} on {hub}", answer or "absent", wanted)
    count = vault.check_output("test ! -f %s || grep -cvE '^[[:space:]]*(#|$)' %s || true", keys, keys) or "0"
    if count != "1":
        yield Mismatch(f"keys in {keys} on {hub}", count, "1")


def missing(what, record, backups, values):
    """The backup a record names, unless the backup host has it."""
    snapshot = record.get("snapshot")
    if snapshot in backups:
        return []
    found = f"{snapshot[:8]} is not there" if snapshot else "none was taken"
    return [Mismatch(f"{what} on {values['backup_server']}", found, "there")]
