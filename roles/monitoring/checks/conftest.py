"""What the checks of this folder look at."""

import re

import pytest

EXPORTER = "systemctl show --property=ActiveState,UnitFileState,NeedDaemonReload,ExecStartPre prometheus-node-exporter"
# Who listens, without process ids: equal hosts give equal answers.
HOLDER = "ss -Htlnp sport = %s | sed -E 's/pid=[0-9]+,fd=[0-9]+//g'"


@pytest.fixture
def exporter(host):
    """What systemd says about the exporter: a unit that is not there is `inactive`, not an error."""
    lines = host.check_output(EXPORTER).splitlines()
    before = [line for line in lines if line.startswith("ExecStartPre=")]
    state = dict(line.split("=", 1) for line in lines if line not in before)
    behind = any("argv[]=/usr/sbin/nft -f /etc/opsharden/exporter.nft ;" in line for line in before)
    return state, behind


@pytest.fixture
def holders(host):
    """The programs that listen on a TCP port."""

    def look(port):
        return sorted(set(re.findall(r'\("([^"]*)"', host.run(HOLDER, f":{port}").stdout)))

    return look


@pytest.fixture
def collector(peer, values):
    """The monitoring host, once somebody asks for it."""
    return lambda: peer(values["monitoring_server"])
