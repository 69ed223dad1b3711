"""What a host offers, what it carries, and what it runs by the clock."""

import pytest

from opsharden.model import Mismatch


def undeclared(purposes, values, installed, needed_by):
    """What is on the host of purposes that it does not declare."""
    declared = values["services_declared"]
    declared = [word.strip() for word in declared.split(",")] if isinstance(declared, str) else declared
    looked_for = {purpose: packages for purpose, packages in purposes.items() if purpose not in declared}
    if not looked_for:
        pytest.skip(f"this host declares {', '.join(purposes)}")
    return [
        Mismatch(
            f"{name} ({purpose})",
            "installed",
            "not installed",
            by_hand=by_hand(name, installed, needed_by, values),
        )
        for purpose, packages in looked_for.items()
        for name in packages
        if name in installed
    ]


def by_hand(name, installed, needed_by, values):
    """Why apply does not remove a package; empty where it does."""
    if installed[name] == "hold":
        return f"{name} is on hold (apt-mark), so apply leaves it: `apt-mark unhold {name}` lets it go."
    goes = {*installed, *values["services_may_remove"]}
    if users := [user for user in needed_by(name) if user not in goes]:
        others = ", ".join(users)
        return f"Removing {name} would take along {others}: remove that first, or name it in services_may_remove."
    return ""


@pytest.mark.control("svc-ftp-tftp")
def test_file_servers(values, servers, installed, needed_by):
    mismatches = undeclared(servers, values, installed, needed_by)
    assert mismatches == []


@pytest.mark.control("cli-insecure-absent")
def test_clients(values, clients, installed, needed_by):
    mismatches = undeclared(clients, values, installed, needed_by)
    assert mismatches == []


@pytest.mark.control("cron-access")
def test_scheduled_jobs(jobs, way_to):
    if not jobs:
        pytest.skip("nothing of cron is on this host")
    mismatches = []
    for kind, mode, owner, path in jobs:
        top = path.count("/") == 2
        if kind == "l":
            mismatches += led_astray(path, way_to(path), 0o700 if top else 0o7755)
        elif top and (mode & ~0o700 or owner != "root:root"):
            mismatches.append(Mismatch(path, f"{mode:o} {owner}", "700 root:root or stricter"))
        elif kind == "f" and not top and (mode & 0o022 or not owner.startswith("root:")):
            mismatches.append(Mismatch(path, f"{mode:o} {owner}", "changed by root only"))
    assert mismatches == []


def led_astray(path, way, allowed):
    """What is wrong with what a link leads to: apply leaves it as it is."""
    if not way or way[0][0] == "character special file":  # nothing is there to be run, as behind /dev/null
        return []
    wrong = []
    for place, (_, mode, owner, step) in enumerate(way):
        sticky = place and mode & 0o1000
        if owner != "root" or mode & (~allowed if not place else 0o022 if not sticky else 0):
            wrong.append(f"{step} ({mode:o} {owner})")
    if not wrong:
        return []
    why = (
        f"{path} is a link to {way[0][3]}, which is not root's alone because of {', '.join(wrong)}; apply leaves what "
        "links lead to as it is: put the file itself there, or take the others' rights away."
    )
    return [Mismatch(path, f"a link to what is not root's alone: {', '.join(wrong)}", "root's alone", by_hand=why)]
