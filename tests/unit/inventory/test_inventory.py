from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from unittest.mock import Mock

import pytest

from opsharden.errors import InventoryError, NotOurs, Unresolved, VaultError
from opsharden.inventory import Inventory, VaultKeys, load_inventory
from tests.unit.inventory.sealing import sealed, sealed_value

PASSWORD = "correct horse"
HOSTS = """
all:
  vars: {who: "{{ inventory_hostname }}-admin", ansible_user: "{{ who }}"}
  hosts:
    a: {ansible_host: 192.0.2.1, ansible_port: "2222"}
    b: {ansible_become: false, ansible_ssh_common_args: "-J jump", ansible_ssh_private_key_file: "~/key"}
  children:
    web: {hosts: {a: }}
    empty: {}
"""


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "hosts.yml"
    path.write_text(HOSTS)
    return path


@pytest.fixture
def inventory(source: Path) -> Inventory:
    return load_inventory([str(source)])


def names(inventory: Inventory, pattern: str = "all", limit: str | None = None) -> list[str]:
    return list(inventory.select(pattern, limit))


def test_a_host_is_reached_the_way_ansible_would(inventory: Inventory) -> None:
    a, b = map(inventory.host, inventory.select())
    assert (a.address, a.port, a.user, a.become, a.groups) == ("192.0.2.1", 2222, "a-admin", True, ("web",))
    assert (b.address, b.port, b.become, b.ssh_args) == ("b", 22, False, "-J jump")
    assert b.key_file == Path("~/key").expanduser()


def test_patterns_and_limits_are_ansibles(inventory: Inventory) -> None:
    assert names(inventory, "web") == ["a"]
    assert names(inventory, "all:!web") == ["b"]
    assert names(inventory, "all", "b") == ["b"]
    assert names(inventory, "all") == ["a", "b"], "a limit of an earlier call is forgotten"


@pytest.mark.parametrize(("pattern", "limit"), [("nosuch", None), ("all", "nosuch"), ("all", "a:!nosuch")])
def test_a_name_that_is_not_there_is_said_so(inventory: Inventory, pattern: str, limit: str | None) -> None:
    with pytest.raises(InventoryError, match="nosuch is neither a host nor a group"):
        inventory.select(pattern, limit)


@pytest.mark.parametrize("pattern", ["empty", "web:!a"])
def test_no_host_at_all_is_an_error_and_not_a_success(inventory: Inventory, pattern: str) -> None:
    with pytest.raises(InventoryError, match="No host matches"):
        inventory.select(pattern)


def test_without_an_inventory_it_says_how_to_name_one() -> None:
    with pytest.raises(InventoryError, match="No inventory is named"):
        load_inventory([]).select()


def test_localhost_needs_no_inventory() -> None:
    assert load_inventory([]).select("localhost") == ("localhost",)
    host = load_inventory([]).host("localhost")
    assert (host.connection, host.become) == ("local", False)


def test_values_are_defaults_under_variables_and_rendered_when_asked(inventory: Inventory) -> None:
    values = inventory.values("a", {"who": "default", "greeting": "hello {{ who }}", "broken": "{{ nowhere }}"})
    assert values["greeting"] == "hello a-admin"
    with pytest.raises(Unresolved, match="broken of a cannot be rendered"):
        values["broken"]
    with pytest.raises(KeyError):
        values["missing"]


def test_extra_variables_win(source: Path) -> None:
    extra = load_inventory([str(source)], extra={"who": "boss"})
    assert extra.host("a").user == "boss"


@pytest.mark.parametrize(
    ("text", "said"),
    [("all:\n  hosts:\n    a: {\n", "not valid YAML at line 4"), ("all:\n  hosts: 3\n", "cannot be read")],
)
def test_a_broken_inventory_is_no_smaller_fleet(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "hosts.yml").write_text(text)
    with pytest.raises(InventoryError, match=said):
        load_inventory([str(tmp_path / "hosts.yml")])


def test_a_file_that_names_an_inventory_plugin_is_one(source: Path) -> None:
    (source.parent / "more.yml").write_text(
        "plugin: ansible.builtin.constructed\ngroups: {odd: ansible_port is defined}\n"
    )
    assert names(load_inventory([str(source.parent)]), "odd") == ["a"]


def test_what_a_program_prints_is_looked_at_before_ansible_takes_it(tmp_path: Path) -> None:
    program = tmp_path / "program"
    for printed, said in (
        ('{"g": {"hosts": {"a": {}}}}', "What the group g has as hosts is a mapping; a program has to print a list"),
        ('{"g": {"children": {"h": {"hosts": ["a"]}}}}', "what is below the children of the group g"),
    ):
        program.write_text(f"#!/bin/sh\necho '{printed}'\n")
        program.chmod(0o755)
        with pytest.raises(InventoryError, match=said):
            load_inventory([str(program)])


def test_a_missing_inventory_is_named(tmp_path: Path) -> None:
    with pytest.raises(InventoryError, match="There is no inventory at"):
        load_inventory([str(tmp_path / "nowhere.yml")])


def test_a_wrong_port_and_a_strange_connection_are_named(tmp_path: Path) -> None:
    (tmp_path / "hosts.yml").write_text(
        "all: {hosts: {a: {ansible_port: ssh}, b: {ansible_connection: community.docker.docker}}}\n"
    )
    inventory = load_inventory([str(tmp_path / "hosts.yml")])
    with pytest.raises(Unresolved, match="'ssh', which is no number"):
        inventory.host("a")
    with pytest.raises(NotOurs, match="ansible_connection docker"):
        inventory.host("b")


def test_the_digest_is_of_the_fleet(source: Path, inventory: Inventory) -> None:
    source.write_text(HOSTS.replace("192.0.2.1", "192.0.2.2"))
    assert load_inventory([str(source)]).digest != inventory.digest


@pytest.fixture
def vaulted(source: Path, tmp_path: Path) -> Path:
    """A password file, beside an inventory with one vaulted variable for the group web."""
    password = tmp_path / "vault-password"
    password.write_text(f"{PASSWORD}\n")
    (tmp_path / "group_vars").mkdir()
    (tmp_path / "group_vars" / "web.yml").write_text(f"bootstrap_password: {sealed_value('hush-hush', PASSWORD)}\n")
    return password


def test_a_vaulted_variable_opens_with_the_password(source: Path, vaulted: Path) -> None:
    inventory = load_inventory([str(source)], vault=VaultKeys(files=(vaulted,)))
    assert inventory.variable("a", "bootstrap_password") == "hush-hush"
    assert inventory.secrets(["a", "b"]) == ("hush-hush",)


def test_in_a_wholly_vaulted_file_all_that_is_not_common_is_a_secret(source: Path, vaulted: Path) -> None:
    text = (
        "db: {user: keeper@example.org, password: hunter2, ports: [8080]}\ninterface: eth0\npermit: 'no'\n"
        "greeting: 'hello {{ db.password }}'\nansible_become_password: sesame8\nansible_user: automation\n"
    )
    (source.parent / "host_vars").mkdir()
    (source.parent / "host_vars" / "a.yml").write_text(sealed(text, PASSWORD))
    inventory = load_inventory([str(source)], vault=VaultKeys(files=(vaulted,)))
    assert inventory.secrets(["a"]) == ("hello hunter2", "hunter2", "hush-hush", "keeper@example.org", "sesame8")


def test_without_the_password_only_the_vaulted_variable_is_out_of_reach(source: Path, vaulted: Path) -> None:
    inventory = load_inventory([str(source)])
    assert inventory.host("a").user == "a-admin"
    with pytest.raises(Unresolved, match="bootstrap_password of a is vaulted"):
        inventory.variable("a", "bootstrap_password")


def test_a_wrong_password_does_not_open_it(source: Path, vaulted: Path) -> None:
    vaulted.write_text("wrong\n")
    inventory = load_inventory([str(source)], vault=VaultKeys(files=(vaulted,)))
    with pytest.raises(Unresolved):
        inventory.variable("a", "bootstrap_password")
    assert inventory.secrets(["a"]) == ()


def test_a_missing_password_file_is_named(source: Path, tmp_path: Path) -> None:
    with pytest.raises(VaultError, match="password file"):
        load_inventory([str(source)], vault=VaultKeys(files=(tmp_path / "nowhere",)))


def test_a_wholly_vaulted_file_opens_with_the_password_and_is_named_without(
    source: Path, vaulted: Path, tmp_path: Path
) -> None:
    file = tmp_path / "group_vars" / "all.yml"
    file.write_text(sealed("all_closed: yes please\n", PASSWORD))
    assert load_inventory([str(source)], vault=VaultKeys(files=(vaulted,))).variable("a", "all_closed") == "yes please"
    with pytest.raises(Unresolved, match=rf"{file}.* is vaulted"):
        load_inventory([str(source)]).host("a")


def test_a_file_of_variables_that_is_no_yaml_is_named(source: Path, tmp_path: Path) -> None:
    (tmp_path / "group_vars").mkdir()
    (tmp_path / "group_vars" / "all.yml").write_text("a: {\n")
    with pytest.raises(Unresolved, match=r"group_vars/all.yml:\d.*cannot be read"):
        load_inventory([str(source)]).host("a")


def test_variables_lie_beside_the_inventory_and_not_where_we_stand(source: Path, tmp_path: Path) -> None:
    """As in the play that follows, whose working directory is another one."""
    elsewhere = tmp_path / "elsewhere"
    (elsewhere / "group_vars").mkdir(parents=True)
    (elsewhere / "group_vars" / "all.yml").write_text("who: a stranger\n")
    # In a process of its own, for Ansible remembers where the first one stood.
    code = f"from opsharden.inventory import load_inventory; print(load_inventory([{str(source)!r}]).host('a').user)"
    answer = subprocess.run([sys.executable, "-c", code], cwd=elsewhere, capture_output=True, text=True, check=True)
    assert answer.stdout == "a-admin\n"


def test_the_variables_of_a_host_are_merged_once(inventory: Inventory, monkeypatch: pytest.MonkeyPatch) -> None:
    merge = Mock(wraps=inventory._reading.variables)
    monkeypatch.setattr(inventory._reading, "variables", merge)
    with ThreadPoolExecutor(8) as pool:
        users = list(pool.map(lambda number: inventory.host("ab"[number % 2]).user, range(40)))
    assert users == ["a-admin", "b-admin"] * 20
    assert sorted(call.args[0].name for call in merge.call_args_list) == ["a", "b"]
