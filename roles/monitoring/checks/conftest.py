"""What the checks of this folder look at."""

import re

import pytest

from opsharden.probe.reading.found import WHAT, looked

# What the exporter runs with, as the kernel has it: the process is another one on every host, its words are not.
WORDS = r"tr '\0' '\n' </proc/$(systemctl show --property=MainPID --value prometheus-node-exporter)/cmdline"
UNIT = "systemd/system/prometheus-node-exporter.service"
BOOT_FILE = "/etc/opsharden/exporter.nft"
FILES = (
    f"find -L {BOOT_FILE} /etc/default/prometheus-node-exporter /etc/{UNIT} /run/{UNIT} /etc/{UNIT}.d /run/{UNIT}.d "
    rf"-maxdepth 1 {WHAT} -type f -exec grep -Hn '' {{}} +"
)
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
def words(host):
    """The command line the exporter runs with."""
    return lambda: host.check_output(WORDS).splitlines()


@pytest.fixture
def files(host):
    """The filter's file, and the files that say how the exporter is started."""
    return looked(host.run(FILES), "How the exporter is started")


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
