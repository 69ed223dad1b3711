"""Monitoring from both ends: the exporter on the host, its series on the monitoring host."""

import ipaddress
import json
import re
import shlex

import pytest


@pytest.mark.control("mon-agent-active")
def test_exporter_answers_the_monitoring_host_only(host, values, exporter):
    assert exporter == {
        "ActiveState": "active",
        "UnitFileState": "enabled",
        "NeedDaemonReload": "no",
        "behind its filter": True,
    }
    assert listening(host, values["monitoring_exporter_port"]) is True
    assert live_filter(host) == declared_filter(values)
    assert filter_at_boot(host) == declared_filter(values)


@pytest.mark.control("mon-data-arrives")
def test_series_is_live(collector, values):
    if values["monitoring_manage_server"]:
        assert collector.check_output("systemctl show --property=ActiveState --value prometheus") == "active"
    assert series(collector, values) == "live"


def series(collector, values):
    """What the monitoring host knows of the host. A query that fails is no answer, and raises."""
    up, age = values["monitoring_series"], values["monitoring_max_age_seconds"]
    query = shlex.quote(f"{up} * (time() - timestamp({up}) < bool {age})")
    server = values["monitoring_server_listen"]
    found = json.loads(collector.check_output(f"promtool query instant -o json http://{server} {query}"))
    words = {"1": "live", "0": f"there, but the last scrape failed or is more than {age} s ago"}
    return " and ".join(words[sample["value"][1]] for sample in found) or "absent: this host is not scraped"


def listening(host, port):
    """Whether anything listens on a TCP port."""
    return bool(host.check_output(f"ss -Htln sport = :{port}"))


def declared_filter(values):
    """Who may reach the exporter, as declared."""
    port = values["monitoring_exporter_port"]
    return {
        "addresses": sorted({canonical(address) for address in values["monitoring_server_addresses"]}),
        "rules": [
            "type filter hook input priority filter - 10; policy accept;",
            f'tcp dport {port} iif "lo" accept',
            f"tcp dport {port} ip saddr @monitoring4 accept",
            f"tcp dport {port} ip6 saddr @monitoring6 accept",
            f"tcp dport {port} counter drop",
        ],
    }


def live_filter(host):
    """The filter in the kernel. A table that is not there is an empty filter; any other failure raises."""
    found = host.run("nft -s list table inet opsharden_exporter")
    if found.rc != 0 and "No such file or directory" not in found.stderr:
        raise RuntimeError(found.stderr)
    return read_filter(found.stdout)


def filter_at_boot(host):
    """The filter the exporter will load when it next starts."""
    return read_filter(host.check_output("! test -e /etc/opsharden/exporter.nft || cat /etc/opsharden/exporter.nft"))


def read_filter(text):
    """The addresses let in and the rules in order, out of nft's own format."""
    elements = ",".join(re.findall(r"elements = \{(.*?)\}", text, re.DOTALL))
    chain = re.search(r"chain input \{(.*?)\}", text, re.DOTALL)
    return {
        "addresses": sorted({canonical(word.strip()) for word in elements.split(",") if word.strip()}),
        "rules": [line.strip() for line in chain[1].splitlines() if line.strip()] if chain else [],
    }


def canonical(address):
    """An address the way nft lists it; what is no single address, as it is."""
    try:
        return str(ipaddress.ip_address(address))
    except ValueError:
        return address
