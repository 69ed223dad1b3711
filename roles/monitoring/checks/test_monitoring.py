"""Monitoring from both ends: the exporter on the host, its series on the monitoring host."""

import ipaddress
import json
import re

import pytest

from opsharden.errors import Unanswered
from opsharden.model import Mismatch

WANTED = {"ActiveState": "active", "UnitFileState": "enabled", "NeedDaemonReload": "no"}
EXPORTER = "prometheus-node-exporter"
# Without the moment of the sample: it is another one every time.
QUERY = r"promtool query instant -o json %s %s | sed -E 's/\[[0-9.]+,/[0,/g'"
BOOT_FILE = "/etc/opsharden/exporter.nft"
TIED = "opsharden.conf"


@pytest.mark.control("mon-agent-active")
def test_exporter_answers_the_monitoring_host_only(host, values, exporter, words, files, holders):
    mismatches = unwatched(values)
    if not mismatches:
        state, behind = exporter
        mismatches = [Mismatch(f"{EXPORTER}: {name}", state.get(name, ""), wanted) for name, wanted in WANTED.items()]
        mismatches += untied(files) if not behind else []
        mismatches += compared("when it next starts", filter_at_boot(files), values, BOOT_FILE)
        # Where it does not run, the programs that would tell more may not be there either.
        port = int(values["monitoring_exporter_port"])
        if state["ActiveState"] == "active":
            elsewhere = list(astray(words(), files, values))
            mismatches += elsewhere or [Mismatch(f"listens on port {port}", str(listening(host, port)), "True")]
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


def untied(files):
    """What takes the filter away from the exporter's start, unless apply puts it back."""
    taken_back = re.compile(r"\s*ExecStartPre\s*=\s*$")
    where = said_last(files, taken_back)
    by_hand = f"{where} takes back what is started before the exporter, and apply leaves it: take that line out."
    odd = [files.left(path) for path in files.kinds if path.endswith(f"/{TIED}") and files.odd(path)]
    yield Mismatch(f"{EXPORTER} starts behind its filter", "False", "True", where, by_hand if where else "".join(odd))


def astray(words, files, values):
    """Where the exporter listens and should not, by the options it runs with."""
    if any(word.startswith("--web.systemd-socket") for word in words):
        raise Unanswered("The exporter listens where a socket unit of systemd's says, and that is not looked at.")
    port, addresses = int(values["monitoring_exporter_port"]), declared_filter(values)["addresses let in"]
    options = re.findall(r"^--web\.listen-address[=\n](.*)$", "\n".join(words), re.MULTILINE) or [":9100"]
    for option in options:
        place, _, number = option.strip("\"'").rpartition(":")
        apart = loopback(place) and not any(map(loopback, addresses))
        if number == str(port) and not apart:
            continue
        where = said_last(files, re.compile(r"[^#]*--web\.listen-address"))
        wanted = f"port {port} alone, where the monitoring host reaches it"
        by_hand = f"Set monitoring_exporter_port to {number}, or have it listen on {port} alone: apply leaves that."
        yield Mismatch("the exporter listens on", option, wanted, where, by_hand)


def loopback(address):
    """Whether an address is this host's alone."""
    try:
        return ipaddress.ip_address(address.strip("[]")).is_loopback
    except ValueError:
        return address == "localhost"


def said_last(files, shape):
    """File and line of the last line of this shape, in files that are not ours."""
    said = [
        f"{path}:{number}"
        for path, lines in files.lines.items()
        for number, text in lines
        if shape.match(text) and not path.endswith(f"/{TIED}") and path != BOOT_FILE
    ]
    return said[-1] if said else ""


def series(hub, values):
    """What the monitoring host knows of the host: of several series one that is live is enough.

    A query that fails is no answer, and raises.
    """
    up, age = values["monitoring_series"], int(values["monitoring_max_age_seconds"])
    query = f"{up} * (time() - timestamp({up}) < bool {age})"
    server = f"http://{values['monitoring_server_listen']}"
    answer = hub.run(QUERY, server, query)
    if not answer.stdout.strip():
        why = (answer.stderr.strip().splitlines() or ["promtool said nothing"])[0]
        raise Unanswered(f"Prometheus at {server} on {values['monitoring_server']} did not answer: {why}.")
    found = {sample["value"][1] for sample in json.loads(answer.stdout)}
    if "1" in found:
        return "live"
    return f"there, but the last scrape failed or is more than {age} s ago" if found else "absent: it is not scraped"


def listening(host, port):
    """Whether anything listens on a TCP port."""
    return bool(host.check_output("ss -Htln sport = %s", f":{port}"))


def compared(when, found, values, where=""):
    """The filter as it is beside the filter as declared."""
    for part, wanted in declared_filter(values).items():
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
        raise Unanswered(f"nft could not list the filter: {found.stderr.strip()}.")
    return read_filter(found.stdout)


def filter_at_boot(files):
    """The filter the exporter will load when it next starts."""
    return read_filter("\n".join(text for _, text in files.lines.get(BOOT_FILE, ())))


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
