"""Who keeps the clock, and whom it asks."""

import pytest

from opsharden.model import Mismatch

AT_BOOT = ("enabled", "enabled-runtime", "static", "generated", "alias", "linked", "indirect")
LAST = "zz-opsharden.conf"


@pytest.mark.control("time-single")
def test_one_service(values, units, excused, needed_by):
    declared = f"{values['time_service']}.service"
    mismatches = []
    for name, unit in units.items():
        state = f"{unit['UnitFileState'] or unit['LoadState']} and {unit['ActiveState']}"
        if name == declared:
            runs = unit["ActiveState"] == "active" or excused(unit)
            if unit["UnitFileState"] != "enabled" or not runs:
                mismatches.append(Mismatch(name, state, "enabled and active", by_hand=kept_from(unit)))
        elif unit["UnitFileState"] in AT_BOOT or unit["ActiveState"] in ("active", "activating", "reloading"):
            why = needed(name.removesuffix(".service"), needed_by, values) if declared not in units else ""
            found = f"{state}, a second time service"
            mismatches.append(Mismatch(name, found, "disabled and inactive", by_hand=why))
    if declared not in units:
        mismatches.append(Mismatch(declared, "not installed", "enabled and active"))
    assert mismatches == []


def needed(package, needed_by, values):
    """Why the declared service cannot take the place of another; empty where it can."""
    if users := [user for user in needed_by(package) if user not in values["time_may_remove"]]:
        others = ", ".join(users)
        return f"Replacing {package} would take along {others}: remove that first, or name it in time_may_remove."
    return ""


def kept_from(unit):
    """Why an enabled service that was started does not run; empty where a start may help."""
    if unit["UnitFileState"] == "enabled" and unit["ActiveState"] == "inactive" and unit["ConditionResult"] == "no":
        return f"A condition of {unit['Id']} may keep it from starting: `systemctl status {unit['Id']}` names it."
    return ""


@pytest.mark.control("time-source")
def test_servers(values, units, asked_by):
    service, wanted = values["time_service"], values["time_servers"]
    wanted = [word.strip() for word in wanted.split(",")] if isinstance(wanted, str) else wanted
    if f"{service}.service" not in units:
        mismatches = [Mismatch(service, "not installed, so it asks nobody", f"asks {', '.join(wanted)}")]
    else:
        asked = asked_by(service)
        mismatches = [
            Mismatch(name, "asked", "not asked", where, left(where)) for name, where in asked if name not in wanted
        ]
        missing = set(wanted) - {name for name, _ in asked}
        mismatches += [Mismatch(name, "not asked", "asked") for name in wanted if name in missing]
    assert mismatches == []


def left(where):
    """Why apply leaves a line that names a server; empty where it does not."""
    if where.startswith("/run/systemd/netif/"):
        return (
            f"The network names this server ({where}): set UseNTP=no under [DHCPv4] and [DHCPv6], or take NTP= out, in "
            "the .network file of this link, which apply does not change."
        )
    path = where.rpartition(":")[0]
    folder, _, name = path.rpartition("/")
    ours = (folder.endswith("timesyncd.conf.d") and name < LAST) or name == "timesyncd.conf"
    if path.startswith("/etc/") or ours or folder == "/run/chrony-dhcp":
        return ""
    return f"{where} does not lie in /etc, so apply leaves it: take the line out, or what includes it."
