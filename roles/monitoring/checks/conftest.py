"""What the checks of this folder look at."""

import pytest


@pytest.fixture
def exporter(host):
    """What systemd says about the exporter: a unit that is not there is `inactive`, not an error."""
    lines = host.check_output(
        "systemctl show --property=ActiveState,UnitFileState,NeedDaemonReload,ExecStartPre prometheus-node-exporter"
    ).splitlines()
    before = [line for line in lines if line.startswith("ExecStartPre=")]
    state = dict(line.split("=", 1) for line in lines if line not in before)
    state["behind its filter"] = any("argv[]=/usr/sbin/nft -f /etc/opsharden/exporter.nft ;" in line for line in before)
    return state


@pytest.fixture
def collector(peer, values):
    """The monitoring host."""
    return peer(values["monitoring_server"])
