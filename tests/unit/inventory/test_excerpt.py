from __future__ import annotations

import importlib
import json
from pathlib import Path
from typing import Any

import pytest

from opsharden.inventory import Inventory, VaultKeys, ansible_api, load_inventory
from opsharden.inventory.excerpt import leaves, looks_beyond
from tests.unit.inventory.sealing import sealed_value

HOSTS = """
all:
  vars:
    who: "{{ inventory_hostname }}-admin"
    keys: "{{ inventory_dir }}/keys"
    plain: !unsafe "{{ not a template }}"
    nested: {list: ["{{ who }}", 1, 2.5, true, null, !unsafe "{% raw"], empty: {}}
  hosts:
    a: {ansible_host: 192.0.2.1, ansible_port: "2222"}
    b: {ansible_ssh_common_args: "-J jump", level: from-host}
    hub: {own: of the host that is called like a group}
  children:
    web:
      vars: {level: from-web, ansible_group_priority: 10}
      children:
        front: {hosts: {a: }, vars: {level: from-front, depth: "{{ level }}"}}
    hub: {hosts: {b: , hub: }}
"""
INI = """
[db]
c ansible_host=192.0.2.3 tuned="{{ who }}" ports=[1,2]
"""


@pytest.fixture
def sources(tmp_path: Path) -> list[str]:
    """Three kinds of source: YAML with folders of variables and vaulted ones beside it, INI, a plain list."""
    folder = tmp_path / "inventory"
    (folder / "group_vars").mkdir(parents=True)
    (folder / "host_vars").mkdir()
    (folder / "hosts.yml").write_text(HOSTS, encoding="utf-8")
    (folder / "group_vars" / "front.yml").write_text("banner: '{{ level }} of {{ who }}'\n", encoding="utf-8")
    (folder / "host_vars" / "a.yml").write_text("level: from-host-vars\n", encoding="utf-8")
    (folder / "group_vars" / "web.yml").write_text(
        f"secret: {vaulted(tmp_path, 'hush of {{ who }}', 2)}account:\n  password: {vaulted(tmp_path, 'inner', 4)}",
        encoding="utf-8",
    )
    ini = tmp_path / "more.ini"
    ini.write_text(INI, encoding="utf-8")
    return [str(folder), str(ini), "d,"]


def vaulted(folder: Path, text: str, indent: int) -> str:
    """A vaulted value as YAML."""
    (folder / "vault-password").write_text("correct horse\n", encoding="utf-8")
    return f"{sealed_value(text, 'correct horse', indent=indent)}\n"


@pytest.fixture
def password(tmp_path: Path) -> Path:
    return tmp_path / "vault-password"


def again(part: object, folder: Path, **how: Any) -> Inventory:
    """The excerpt as Ansible reads it from a file."""
    assert part is not None
    folder.mkdir()
    path = folder / "inventory.json"
    path.write_text(json.dumps(part), encoding="utf-8")
    return load_inventory([str(path)], **how)


def kind(value: object) -> object:
    """All that makes a raw value what it is: its type, whether it is a template, its ciphertext."""
    if isinstance(value, dict):
        return {name: kind(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [kind(inner) for inner in value]
    template = importlib.import_module("ansible.template")  # after ours, which sets how Ansible is to read
    if isinstance(value, ansible_api.EncryptedString):
        return ("vaulted", value._ciphertext)
    base = next(base for base in (bool, int, float, str, type(None)) if isinstance(value, base))
    return (base.__name__, value, template.is_trusted_as_template(value))


def test_ansible_reads_back_what_it_had_resolved(sources: list[str], tmp_path: Path, password: Path) -> None:
    whole = load_inventory(sources, vault=VaultKeys(files=(password,)))
    names = ["a", "b", "hub", "c", "d"]
    part = again(whole.excerpt([*names, "nobody"]), tmp_path / "part", vault=VaultKeys(files=(password,)))
    assert list(part.select()) == names
    for name in names:
        assert kind(part._given(name)) == kind(whole._given(name))
        assert part.host(name) == whole.host(name)
    assert part.variable("a", "secret") == "hush of {{ who }}"
    assert part.variable("a", "account") == {"password": "inner"}
    assert part.variable("a", "banner") == "from-host-vars of a-admin"
    assert part.variable("a", "keys") == f"{sources[0]}/keys"
    assert part.variable("b", "plain") == "{{ not a template }}"
    assert part.host("a").groups == ("front", "web")
    assert part.host("d").groups == ("ungrouped",)


def test_it_holds_no_opened_vault_value_and_no_other_host(sources: list[str], password: Path) -> None:
    whole = load_inventory(sources, vault=VaultKeys(files=(password,)))
    assert whole.secrets(["a"]) == ("hush of {{ who }}", "inner"), "a value within a value is a secret too"
    text = json.dumps(whole.excerpt(["a"]))
    assert "hush" not in text
    assert "inner" not in text
    assert "192.0.2.3" not in text
    assert "ANSIBLE_VAULT" in text


def test_without_a_password_vaulted_values_travel_all_the_same(
    sources: list[str], tmp_path: Path, password: Path
) -> None:
    part = again(load_inventory(sources).excerpt(["a"]), tmp_path / "part", vault=VaultKeys(files=(password,)))
    assert part.variable("a", "secret") == "hush of {{ who }}"


def test_extra_variables_are_in_it(sources: list[str], tmp_path: Path) -> None:
    whole = load_inventory(sources, extra={"who": "{{ level }}-boss"})
    part = again(whole.excerpt(["a"]), tmp_path / "part")
    assert part.variable("a", "who") == "from-host-vars-boss"


def test_localhost_needs_no_inventory(tmp_path: Path) -> None:
    part = again(load_inventory([]).excerpt(["localhost"]), tmp_path / "part")
    assert part.host("localhost").connection == "local"


@pytest.mark.parametrize(
    "variable",
    [
        "since: 2026-01-02",
        "ports: {80: http}",
        "peers: {list: [\"{{ groups['web'] | first }}\"]}",
        'ansible_ssh_common_args: "-J {{ hostvars.jump.ansible_host }}"',
        "all_of_them: \"{{ query('inventory_hostnames', 'all') }}\"",
        "text: \"{{ lookup('ansible.builtin.template', 'any.j2') }}\"",
        "text: \"{%- include 'any.j2' %}\"",
        "odd: {__ansible_vault: x}",
    ],
)
def test_what_would_not_be_the_same_in_it_is_refused(tmp_path: Path, variable: str) -> None:
    source = tmp_path / "hosts.yml"
    source.write_text(f"all: {{hosts: {{a: , b: }}, children: {{g: {{hosts: {{b: }}, vars: {{{variable}}}}}}}}}\n")
    inventory = load_inventory([str(source)])
    assert inventory.excerpt(["a"]) is not None
    assert inventory.excerpt(["a", "b"]) is None


@pytest.mark.parametrize("name", ["fe80::1", "web 1", "böse"])
def test_a_name_that_ansible_may_take_for_something_else_is_refused(tmp_path: Path, name: str) -> None:
    source = tmp_path / "hosts.yml"
    source.write_text(f"all: {{hosts: {{a: , '{name}': }}}}\n", encoding="utf-8")
    inventory = load_inventory([str(source)])
    names = inventory.select()
    assert inventory.excerpt([name for name in names if name != "a"]) is None


def test_what_is_set_on_top_counts_too(sources: list[str]) -> None:
    inventory = load_inventory(sources)
    assert inventory.excerpt(["a"], besides={"a": {"x": "{{ who }} groups"}}) is None
    assert inventory.excerpt(["a"], besides={"a": {"x": "groups", "group_names": ["{{ group_names }}"]}}) is not None


def test_templates_within_values_are_found() -> None:
    assert list(leaves({"a": [1, {"b": "x"}], "c": None})) == [1, "x", None]
    assert looks_beyond({"a": [{"b": "{% for h in groups.all %}"}]})
    assert not looks_beyond("groups and hostvars in plain words")
