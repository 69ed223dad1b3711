"""Hosts that the inventory says nonsense of, or that are reached in another way: the others go on."""

from __future__ import annotations

from opsharden import settings
from opsharden.errors import UsageError
from opsharden.model import HostStatus
from opsharden.workflows.workplace import Access, open_workplace
from tests.acceptance.inventories.asking import OK, Ask

FAULTS = {
    "undefined": ("ansible_host: '{{ nowhere }}'", "'nowhere' is undefined"),
    "port": ("ansible_port: abc", "the port 'abc'"),
    "far": ("ansible_port: 65536", "the port 65536"),
    "key": ("ansible_ssh_private_key_file: '~nosuchuser/key'", "no such user"),
    "web..example.com": ("x: 1", "no host name"),
    "l" * 64: ("x: 1", "no host name"),
    "option": ("ansible_host: '-oProxyCommand=id'", "no host name"),
    "user": ("ansible_user: '-l root'", "which cannot be one"),
    "vaulted": ("ansible_password: !vault x", "is vaulted"),
    "profile": ("opsharden_profiles: [nosuch]", "no profile nosuch"),
    "profiles": ("opsharden_profiles: {a: b}", "is no list"),
    "client": ("opsharden_ssh_client: putty", "putty"),
    "text": (f"{OK}, ssh_login_grace_seconds: abc", 'h.yml:14) is "abc"; it has to be a whole number'),
    "umask": (f"{OK}, accounts_umask: 022", "is 18; it has to be one of 027, 077"),
    "nothing": (f"{OK}, ssh_login_grace_seconds: ", "is empty"),
    "truth": (f"{OK}, ssh_login_grace_seconds: true", "is true; it has to be a whole number"),
    "map": (f"{OK}, time_servers: {{a: b}}", "it has to be a list"),
    "inner": (f"{OK}, ssh_max_startups: {{start: 1}}", "missing required arguments: full, rate"),
}


def test_one_host_does_not_stop_the_others(ask: Ask) -> None:
    lines = [f"    {name}: {{{variables}}}" for name, (variables, _) in FAULTS.items()]
    omitted = "ansible_user: '{{ nix | default(omit) }}', ansible_port: '{{ nix | default(omit) }}'"
    fine = [f"    ok: {{{OK}}}", f"    omits: {{{OK}, {omitted}}}", f"    one: {{{OK}, time_servers: ntp.example.org}}"]
    heard = ask({"h.yml": "\n".join(("g:", "  hosts:", *lines[:12], *lines[12:], *fine)) + "\n"})
    assert heard.tested == {"ok", "omits", "one"}
    for name, (_, words) in FAULTS.items():
        status, reason = heard.left_out[name]
        assert status is HostStatus.UNREACHABLE
        assert words.replace("h.yml:14", "h.yml:15") in reason, reason


def test_hosts_of_another_kind_are_left_out_with_the_reason(ask: Ask) -> None:
    kinds = ("winrm", "ansible.netcommon.network_cli", "community.docker.docker", "containers.podman.podman", "httpapi")
    lines = [f"h{number} ansible_connection={kind}" for number, kind in enumerate(kinds)]
    none = "w1 ansible_connection=winrm opsharden_profiles=[]"
    heard = ask({"h": "\n".join(("[g]", "ok ansible_connection=local ansible_become=false", *lines, none)) + "\n"})
    assert heard.tested == {"ok"}
    assert {status for status, _ in heard.left_out.values()} == {HostStatus.EXCLUDED}
    assert "network_cli" in heard.left_out["h1"][1]
    assert "no profile" in heard.left_out["w1"][1]


def test_where_nobody_is_left_it_is_the_command_that_is_wrong(ask: Ask) -> None:
    heard = ask({"h": "a ansible_port=abc\nb ansible_connection=winrm\n"})
    assert isinstance(heard.error, UsageError)
    assert "the port 'abc'" in heard.text


def test_a_localhost_that_the_inventory_names_is_reached_as_ansible_does(ask: Ask) -> None:
    heard = ask({"h": "[here]\n127.0.0.1:1\nlocalhost\n"}, "h")
    assert heard.tested == {"127.0.0.1", "localhost"}
    place = open_workplace(settings.load(flags={"inventory": ["h"]}), Access())
    assert [place.host(name).connection for name in sorted(heard.tested)] == ["ssh", "ssh"]
