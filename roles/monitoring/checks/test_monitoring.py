"""Monitoring from both ends: the exporter on the host, its series on the monitoring host."""

import ipaddress
import json
import re

import pytest

from opsharden.model import Mismatch

WANTED = {"ActiveState": "active", "UnitFileState": "enabled", "NeedDaemonReload": "no"}
EXPORTER = "prometheus-node-exporter"
# Without the moment of the sample: it is another one every time.
QUERY = r"promtool query instant -o json %s %s | sed -E 's/\[[0-9.]+,/[0,/g'"
BOOT_FILE = "/etc/opsharden/exporter.nft"
FILTER_AT_BOOT = f"! test -e {BOOT_FILE} || cat {BOOT_FILE}"


@pytest.mark.control("mon-agent-active")
def test_exporter_answers_the_monitoring_host_only(host, values, exporter, holders):
    mismatches = unwatched(values)
    if not mismatches:
        state, behind = exporter
        mismatches = [Mismatch(f"{EXPORTER}: {name}", state.get(name, ""), wanted) for name, wanted in WANTED.items()]
        mismatches.append(Mismatch(f"{EXPORTER} starts behind its filter", str(behind), "True"))
        mismatches += compared("when it next starts", filter_at_boot(host), values, BOOT_FILE)
        # Where it does not run, the programs that would tell more may not be there either.
        port = int(values["monitoring_exporter_port"])
        if state["ActiveState"] == "active":
            mismatches.append(Mismatch(f"listens on port {port}", str(listening(host, port)), "True"))
            mismatches += compared("in the running kernel", live_filter(host), values)
        mismatches = [each for each in mismatches if each.found != each.wanted]
        if state["ActiveState"] != "active":
            mismatches += taken(port, holders(port))
    assert mismatches == []


@pytest.mark.control("mon-data-arrives")
def test_series_is_live(collector, values):
    mismatches = unwatched(values)
    if not mismatches:
        hub, name = collector(), values["monitoring_server"]
        state = "active"
        if values["monitoring_manage_server"]:
            state = hub.check_output("systemctl show --property=ActiveState --value prometheus")
        if state != "active":
            mismatches = [Mismatch(f"prometheus on {name}", state, "active")]
        elif (found := series(hub, values)) != "live":
            mismatches = [Mismatch(f"{values['monitoring_series']} on {name}", found, "live")]
    assert mismatches == []


def unwatched(values):
    """That nobody is named who watches."""
    if values["monitoring_server"]:
        return []
    by_hand = (
        "Set monitoring_server to the inventory name of the host that runs Prometheus: apply does nothing without."
    )
    return [Mismatch("monitoring_server", "not set", "a host of the inventory", by_hand=by_hand)]


def taken(port, others):
    """Who holds the exporter's port in its place."""
    others = [name for name in others if not EXPORTER.startswith(name)]
    if not others:
        return []
    by_hand = f"Port {port} is held by {', '.join(others)}: stop that, or have the exporter listen elsewhere."
    return [Mismatch(f"port {port}", f"held by {', '.join(others)}", "the exporter's", by_hand=by_hand)]


def series(hub, values):
    """What the monitoring host knows of the host. A query that fails is no answer, and raises."""
    up, age = values["monitoring_series"], int(values["monitoring_max_age_seconds"])
    query = f"{up} * (time() - timestamp({up}) < bool {age})"
    server = f"http://{values['monitoring_server_listen']}"
    answer = hub.run(QUERY, server, query)
    if not answer.stdout.strip():
        raise RuntimeError(f"Prometheus at {server} did not answer: {answer.stderr.strip()}")
    found = json.loads(answer.stdout)
    words = {"1": "live", "0": f"there, but the last scrape failed or is more than {age} s ago"}
    return " and ".join(words[sample["value"][1]] for sample in found) or "absent: this host is not scraped"


def listening(host, port):
    """Whether anything listens on a TCP port."""
    return bool(host.check_output("ss -Htln sport = %s", f":{port}"))


def compared(when, found, values, where=""):
    """The filter as it is beside the filter as declared."""
    declared = declared_filter(values)
    for part, wanted in declared.items():
        yield Mismatch(f"filter {when}: {part}", "; ".join(found[part]) or "none", "; ".join(wanted), where)


def declared_filter(values):
    """Who may reach the exporter, as declared."""
    port, addresses = int(values["monitoring_exporter_port"]), values["monitoring_server_addresses"]
    addresses = [word.strip() for word in addresses.split(",")] if isinstance(addresses, str) else addresses
    return {
        "addresses let in": sorted({canonical(address) for address in addresses}),
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
        raise RuntimeError(f"nft could not list the filter: {found.stderr.strip()}")
    return read_filter(found.stdout)


def filter_at_boot(host):
    """The filter the exporter will load when it next starts."""
    return read_filter(host.check_output(FILTER_AT_BOOT))


def read_filter(text):
    """The addresses let in and the rules in order, out of nft's own format."""
    elements = ",".join(re.findall(r"elements = \{(.*?)\}", text, re.DOTALL))
    chain = re.search(r"chain input \{(.*?)\}", text, re.DOTALL)
    return {
        "addresses let in": sorted({canonical(word.strip()) for word in elements.split(",") if word.strip()}),
        "rules": [line.strip() for line in chain[1].splitlines() if line.strip()] if chain else [],
    }


def canonical(address):
    """An address the way nft lists it; what is no single address, as it is."""
    try:
        return str(ipaddress.ip_address(address))
    except ValueError:
        return address
