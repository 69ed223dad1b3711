"""Who keeps the clock, and whom it asks."""

import re

import pytest

# Every package in Debian that provides time-daemon, and NTP's own name of old.
UNITS = "systemd-timesyncd.service chrony.service ntpsec.service openntpd.service ntp.service"
STATES = f"systemctl show --property=Id,UnitFileState {UNITS}"
# All files that count, in the order they count in.
TIMESYNCD = "systemd-analyze cat-config --no-pager systemd/timesyncd.conf"
CHRONY = (
    r"grep -rhE '^[[:space:]]*(server|pool|peer)[[:space:]]' /etc/chrony --include='*.conf' --include='*.sources'"
    " || test $? -eq 1"
)


def installed(host):
    """Unit -> enabled, disabled, masked, ...; of the units that are there."""
    blocks = host.check_output(STATES).strip().split("\n\n")
    units = [dict(line.split("=", 1) for line in block.splitlines()) for block in blocks]
    return {unit["Id"]: unit["UnitFileState"] for unit in units if unit["UnitFileState"]}


def timesyncd_servers(host):
    """Whom its files say, one after the other; an empty line forgets those before it."""
    servers = {"NTP": [], "FallbackNTP": []}
    for name, value in re.findall(r"^\s*(NTP|FallbackNTP)\s*=(.*)$", host.check_output(TIMESYNCD), re.MULTILINE):
        servers[name] = [*servers[name], *value.split()] if value.strip() else []
    return sorted(servers["NTP"] or servers["FallbackNTP"])


def chrony_servers(host):
    """Whom its files say, all together."""
    return sorted(line.split()[1] for line in host.check_output(CHRONY).splitlines())


@pytest.mark.control("time-single")
def test_one_service(host, values):
    assert installed(host) == {f"{values['time_service']}.service": "enabled"}


@pytest.mark.control("time-source")
def test_servers(host, values):
    service = values["time_service"]
    assert f"{service}.service" in installed(host), f"{service} is not installed, so it asks nobody"
    look = {"systemd-timesyncd": timesyncd_servers, "chrony": chrony_servers}[service]
    assert look(host) == sorted(values["time_servers"])
