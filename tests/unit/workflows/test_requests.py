from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from opsharden import settings
from opsharden.catalogue import load_catalogue, roles_path
from opsharden.catalogue.roles import Role
from opsharden.inventory import load_inventory
from opsharden.workflows.batches import Batch
from opsharden.workflows.requests import hubs, play_request
from opsharden.workflows.targets import Targets
from opsharden.workflows.workplace import Access, Workplace

CATALOGUE = load_catalogue()
HOSTS = """
all:
  vars: {ansible_user: "{{ team }}", team: ops}
  hosts: {web1: , web2: , spare: , sentry: {ansible_host: 192.0.2.9}}
  children:
    watched: {hosts: {web1: }, vars: {monitoring_server: "{{ 'sentry' }}", backup_server: vault1}}
    keepers: {hosts: {vault1: {}}}
"""


@pytest.fixture
def place(tmp_path: Path) -> Workplace:
    source = tmp_path / "hosts.yml"
    source.write_text(HOSTS, encoding="utf-8")
    return workplace(source)


def workplace(source: Path, **fields: Any) -> Workplace:
    here = settings.load(source.parent, {"inventory": [str(source)]})
    inventory = load_inventory(here.inventory)
    return replace(Workplace(here, Access(), inventory, CATALOGUE, {}, ()), **fields)


def request(place: Workplace, *roles: str, hosts: tuple[str, ...] = ("web1",)) -> Any:
    targets = Targets(dict.fromkeys(hosts, ()), (), ())
    return play_request(place, targets, Batch(dict.fromkeys(hosts, ()), roles), "r1", check=False).inventory


def hosts_in(inventory: Mapping[str, Any]) -> list[str]:
    return sorted(inventory["all"]["hosts"])


def test_a_batch_of_ours_is_given_its_own_hosts_and_no_others(place: Workplace) -> None:
    part = request(place, "ssh", "banner")
    assert hosts_in(part) == ["web1"]
    assert part["all"]["hosts"]["web1"]["ansible_user"] == "{{ team }}"
    assert part["all"]["children"] == {"watched": {"hosts": {"web1": {}}}}


def test_the_hosts_that_its_roles_look_at_come_along(place: Workplace) -> None:
    assert hosts_in(request(place, "ssh", "monitoring")) == ["sentry", "web1"]
    assert hosts_in(request(place, "backup", "monitoring")) == ["sentry", "vault1", "web1"]
    assert hosts_in(request(place, "monitoring", hosts=("web2",))) == ["web2"], "it names none"


def test_a_profile_may_name_them(place: Workplace) -> None:
    profile = replace(CATALOGUE.profiles["baseline-1"], values={"monitoring_server": "spare"})
    catalogue = replace(CATALOGUE, profiles={**CATALOGUE.profiles, "baseline-1": profile})
    place = replace(place, catalogue=catalogue)
    assert hosts_in(request(place, "monitoring", hosts=("web2",))) == ["spare", "web2"]
    assert hosts_in(request(place, "monitoring")) == ["sentry", "web1"], "what the inventory says wins"


def test_a_role_of_the_users_is_given_all_there_is(place: Workplace, tmp_path: Path) -> None:
    theirs = Role("theirs", tmp_path / "roles" / "theirs", (), {}, {})
    place = replace(place, catalogue=replace(CATALOGUE, roles={**CATALOGUE.roles, "theirs": theirs}))
    assert request(place, "ssh", "theirs") == place.settings.inventory


@pytest.mark.parametrize(
    "line",
    [
        "all: {vars: {since: 2026-01-02}}",
        "all: {vars: {first: \"{{ groups['watched'] | first }}\"}}",
        'watched: {vars: {monitoring_server: "{{ nowhere }}"}}',
    ],
)
def test_where_a_part_might_not_do_it_is_given_all_there_is(tmp_path: Path, line: str) -> None:
    folder = tmp_path / "inventory"
    folder.mkdir()
    (folder / "1.yml").write_text(HOSTS, encoding="utf-8")
    (folder / "2.yml").write_text(line + "\n", encoding="utf-8")
    place = workplace(folder)
    assert request(place, "monitoring") == (str(folder),)


def test_a_profile_value_that_looks_at_other_hosts_counts_too(place: Workplace) -> None:
    profile = replace(CATALOGUE.profiles["baseline-1"], values={"text": "{{ hostvars.spare }}"})
    catalogue = replace(CATALOGUE, profiles={**CATALOGUE.profiles, "baseline-1": profile})
    assert request(replace(place, catalogue=catalogue), "ssh") == place.settings.inventory


@pytest.mark.parametrize("role", CATALOGUE.roles.values(), ids=lambda role: role.name)
def test_our_roles_look_at_the_hosts_that_they_say_and_no_others(role: Role) -> None:
    seen = set()
    for path in (path for path in role.path.rglob("*") if path.suffix in (".yml", ".j2")):
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"\bgroups\s*[\[.]|inventory_hostnames|play_hosts|ansible_play_|hostvars\.", text), path
        seen |= set(re.findall(r"delegate_to:\s*[\"']?\{\{\s*(\w+)", text))
        seen |= set(re.findall(r"hostvars\[(.+?)\]", text))
        seen |= set(re.findall(r"(\w+) in hostvars", text))
        assert len(re.findall(r"\bdelegate_to:", text)) == len(re.findall(r"delegate_to:\s*[\"']?\{\{\s*\w", text)), (
            path
        )
    assert seen - {"inventory_hostname"} == set(role.peers)
    assert role.path.is_relative_to(roles_path())


@pytest.mark.parametrize(("named", "used"), [("ssh", "opsharden_ssh"), ("smart", "opsharden_ssh"), ("local", None)])
def test_ssh_by_name_is_reached_like_ssh_by_default(tmp_path: Path, named: str, used: str | None) -> None:
    source = tmp_path / "hosts.yml"
    source.write_text(f"all: {{hosts: {{web1: {{ansible_connection: {named}}}}}}}", encoding="utf-8")
    targets, batch = Targets({"web1": ()}, (), ()), Batch({"web1": ("ssh-grace",)}, ("ssh",))
    made = play_request(workplace(source), targets, batch, "r1", check=False)
    assert made.content.host_vars["web1"].get("ansible_connection") == used


def test_each_host_is_told_what_to_bring_about_there(place: Workplace) -> None:
    targets = Targets({"web1": (), "web2": ()}, (), ())
    batch = Batch({"web1": ("ssh-grace", "ban-texts"), "web2": ("ssh-grace",)}, ("banner", "kinds"))
    made = play_request(place, targets, batch, "r1", check=False)
    assert {host: own["opsharden_controls"] for host, own in made.content.host_vars.items()} == {
        "web1": ["ssh-grace", "ban-texts"],
        "web2": ["ssh-grace"],
    }
    assert (made.content.tags, made.content.singly) == (("ssh-grace", "ban-texts"), ())
    singly = play_request(place, targets, replace(batch, singly=True), "r1", check=False)
    assert singly.content.singly == (("banner", "ban-texts"), ("kinds", "ssh-grace"))


def test_what_is_data_is_brought_about_at_once_with_the_defaults_of_its_roles(place: Workplace) -> None:
    needs = {"web1": ("ssh-grace", "time-single", "acc-umask"), "web2": ("net-syncookies",)}
    batch = Batch(needs, ("accounts", "time", "kinds"))
    content = play_request(place, Targets({"web1": (), "web2": ()}, (), ()), batch, "r1", check=False).content
    assert [role.name for role in content.data_roles] == ["ssh", "network"]
    assert content.default_vars["ssh_login_grace_seconds"] == 60
    assert not any(name.startswith("accounts_") for name in content.default_vars), "that role has them itself"
    none = play_request(
        place, Targets({"web1": ()}, (), ()), Batch({"web1": ("acc-umask",)}, ("accounts",)), "r1", check=False
    )
    assert none.content.data_roles == ()


def test_a_role_that_runs_whole_is_told_of_all_that_is_wanted(place: Workplace) -> None:
    made = play_request(place, Targets({"web1": ()}, (), ()), Batch({"web1": ()}, ("ssh",)), "r1", check=False)
    assert made.content.host_vars["web1"]["opsharden_controls"] == list(place.wanted("web1", None))


def test_the_hosts_that_its_roles_look_at_are_reached_as_verify_reaches_them(tmp_path: Path) -> None:
    source = tmp_path / "hosts.yml"
    source.write_text(
        "all:\n  hosts:\n    web1: {monitoring_server: sentry, backup_server: gone}\n"
        "    sentry: {ansible_host: \"{{ '192.0.2.9' }}\", ansible_connection: ssh}\n",
        encoding="utf-8",
    )
    place = workplace(source)
    place.settings.keys.mkdir()
    (place.settings.keys / "automation").write_text("", encoding="utf-8")
    targets = Targets({"web1": ()}, (), ())
    batch = Batch({"web1": ()}, ("monitoring", "backup"))
    asked = play_request(place, targets, batch, "r1", check=False)
    assert asked.hosts == ("web1",)
    assert sorted(asked.content.host_vars) == ["sentry", "web1"], "of one that is not there nothing is said"
    assert asked.content.host_vars["sentry"] == {
        "ansible_host": "192.0.2.9",
        "ansible_connection": "opsharden_ssh",
        "ansible_user": "opsharden",
    }


def test_hubs_are_those_that_controls_of_the_batch_change(place: Workplace) -> None:
    needs = {
        "web1": ("ssh-grace", "mon-agent-active", "mon-data-arrives", "bkp-fresh", "bkp-restore-proved"),
        "web2": ("mon-data-arrives",),
    }
    targets = Targets(needs, (), ())
    assert hubs(place, targets, Batch(needs, ("ssh", "monitoring", "backup"))) == {
        "sentry": {"web1": ("mon-data-arrives",)},
        "vault1": {"web1": ("bkp-fresh", "bkp-restore-proved")},
    }


def test_a_hub_that_is_not_there_is_for_the_role_to_name(place: Workplace) -> None:
    profile = replace(CATALOGUE.profiles["baseline-1"], values={"monitoring_server": "nobody"})
    catalogue = replace(CATALOGUE, profiles={**CATALOGUE.profiles, "baseline-1": profile})
    needs = {"web2": ("mon-data-arrives",)}
    assert hubs(replace(place, catalogue=catalogue), Targets(needs, (), ()), Batch(needs, ("monitoring",))) == {}


@pytest.mark.parametrize("role", CATALOGUE.roles.values(), ids=lambda role: role.name)
def test_every_control_that_changes_another_host_is_known(role: Role) -> None:
    delegated: dict[str, set[str]] = {}
    for path in (role.path / "tasks").glob("*.yml"):
        for task in yaml.safe_load(path.read_text("utf-8")):
            if found := re.search(r"delegate_to: .*?(\w+_server)\b", yaml.safe_dump(task, width=1000)):
                delegated.setdefault(found[1], set()).update(task.get("tags") or task["block"][0]["tags"])
    assert delegated == {name: set(controls) for name, controls in role.peers.items() if controls}
