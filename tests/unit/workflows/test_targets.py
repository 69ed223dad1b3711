from __future__ import annotations

import re
from pathlib import Path

import pytest

from opsharden.errors import CatalogueError, InventoryError, VaultError
from opsharden.model import HostStatus
from opsharden.workflows.targets import Choice, choose, choose_hosts
from tests.unit.workflows.projects import place

pytestmark = pytest.mark.usefixtures("project")


def test_one_hosts_fault_is_its_own_for_bootstrap_too() -> None:
    here = place("all: {hosts: {a: , b: {ansible_port: abc}, c: {ansible_connection: winrm}}}\n")
    hosts, left_out = choose_hosts(here, "all", None)
    assert [host.name for host in hosts] == ["a"]
    assert [(each.host, each.status) for each in left_out] == [
        ("b", HostStatus.UNREACHABLE),
        ("c", HostStatus.EXCLUDED),
    ]


def test_what_was_to_be_looked_at_is_kept_for_a_host_that_cannot_be() -> None:
    targets = choose(place("all: {hosts: {a: , b: {ansible_port: abc}}}\n"), Choice(controls=("ssh-grace",)))
    (lost,) = targets.excluded
    assert (lost.host, lost.controls) == ("b", ("ssh-grace",))
    assert lost.cause == "The host has the port 'abc', which is no number from 1 to 65535."


def test_vaulted_values_of_all_hosts_want_a_password() -> None:
    here = place("all: {vars: {ansible_password: !vault x}, hosts: {a: , b: }}\n")
    with pytest.raises(VaultError, match=r"is vaulted .*and 1 more hosts are left out"):
        choose(here, Choice())


def test_a_value_beyond_its_limit_is_refused_before_anything_runs(project: Path) -> None:
    text = "all: {hosts: {a: , b: {ssh_max_auth_tries: 0}, c: {ssh_max_startups: {start: 10, rate: 30, full: 6}}}}\n"
    targets = choose(place(text), Choice())
    assert list(targets.wanted) == ["a"]
    reasons = {each.host: each.reason for each in targets.excluded}
    assert re.match(
        r"The variable ssh_max_auth_tries of b \(.*h\.yml:1.*\) is 0; it has to be a whole number from 1 to 100\. ",
        reasons["b"],
    )
    assert "its full has to be a whole number from 1 to 10000, not below its start." in reasons["c"]
    with pytest.raises(InventoryError, match=r"^-e time_servers is \[\]; it has to be .* with one at least\.$"):
        place(text, "{time_servers: []}")
    (project / "profiles").mkdir()
    (project / "profiles" / "site.yml").write_text(
        "name: site\ntitle: T\ncontrols: [sudo-timeout]\nvalues: {sudo_timeout_minutes: -1}\n"
    )
    with pytest.raises(CatalogueError, match=r"profile site, sudo_timeout_minutes is -1; .* from 0 to 1440"):
        place(text, profile_dirs=["profiles"])
