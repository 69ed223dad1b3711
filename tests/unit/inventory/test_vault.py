from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from pydantic import SecretStr

from opsharden.errors import VaultError
from opsharden.inventory import Inventory, VaultKeys, ansible_api, load_inventory
from opsharden.inventory.vault import open_vault
from tests.unit.inventory import sealing

Sealed = Callable[..., str]


@pytest.fixture
def sealed(tmp_path: Path) -> Sealed:
    """Seals a text under a vault id, or a file, as ansible-vault does; its password lies in a file of that name."""

    def seal(label: str, text: str, file: bool = False) -> str:
        key = tmp_path / label
        key.write_text(f"password of {label}\n")
        password = key.read_text().strip()
        return sealing.sealed(text, password, label) if file else sealing.sealed_value(text, password, label)

    return seal


@pytest.fixture
def source(tmp_path: Path, sealed: Sealed) -> Path:
    path = tmp_path / "h.yml"
    path.write_text("all: {hosts: {a: }}\n")
    (tmp_path / "group_vars").mkdir()
    (tmp_path / "group_vars" / "all.yml").write_text(
        f"one: {sealed('dev', 'first')}\ntwo: {sealed('prod', 'second')}\n"
    )
    return path


def opened(inventory: Inventory) -> tuple[str, str]:
    return inventory.variable("a", "one"), inventory.variable("a", "two")


def test_several_vault_ids(source: Path, tmp_path: Path) -> None:
    keys = VaultKeys(ids=(f"dev@{tmp_path / 'dev'}", f"prod@{tmp_path / 'prod'}"))
    inventory = load_inventory([str(source)], vault=keys)
    assert opened(inventory) == ("first", "second")
    assert [(label, secret.get_secret_value()) for label, secret in inventory.vault] == [
        ("dev", "password of dev"),
        ("prod", "password of prod"),
    ]


def test_files_programs_and_a_password_together(source: Path, tmp_path: Path) -> None:
    client = tmp_path / "my-client"
    client.write_text('#!/bin/sh\n[ "$2" = prod ] && echo "password of prod"\n')
    client.chmod(0o755)
    keys = VaultKeys(ids=(f"prod@{client}",), password=SecretStr("password of dev"))
    assert opened(load_inventory([str(source)], vault=keys)) == ("first", "second")


def test_ansibles_own_settings(source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ansible_api.constants, "DEFAULT_VAULT_IDENTITY_LIST", [f"dev@{tmp_path / 'dev'}"])
    monkeypatch.setattr(ansible_api.constants, "DEFAULT_VAULT_PASSWORD_FILE", str(tmp_path / "prod"))
    assert opened(load_inventory([str(source)])) == ("first", "second")


def test_what_only_the_settings_name_may_be_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "prod").write_text("x\n")
    monkeypatch.setattr(
        ansible_api.constants, "DEFAULT_VAULT_IDENTITY_LIST", ["dev@/nowhere", f"prod@{tmp_path / 'prod'}"]
    )
    told: list[str] = []
    assert [label for label, _ in open_vault(VaultKeys(), ansible_api.Loader(), told.append)] == ["prod"]
    assert "/nowhere was not found" in told[0]
    with pytest.raises(VaultError, match="/nowhere was not found"):
        open_vault(VaultKeys(ids=("dev@/nowhere",)), ansible_api.Loader(), told.append)


def test_extra_variables_from_a_vaulted_file_and_with_vaulted_values(
    source: Path, tmp_path: Path, sealed: Sealed
) -> None:
    (tmp_path / "whole.yml").write_text(sealed("whole", "three: third\n", file=True))
    (tmp_path / "part.yml").write_text(f"four: {sealed('part', 'fourth')}\n")
    keys = VaultKeys(ids=(f"whole@{tmp_path / 'whole'}", f"part@{tmp_path / 'part'}"))
    inventory = load_inventory(
        [str(source)], vault=keys, extra=[f"@{tmp_path / 'whole.yml'}", f"@{tmp_path / 'part.yml'}", "five=5"]
    )
    assert [inventory.variable("a", name) for name in ("three", "four", "five")] == ["third", "fourth", "5"]
    written = inventory.written_extra
    assert written["five"] == "5"
    assert list(written["four"]) == ["__ansible_vault"]
    assert "fourth" in inventory.secrets(["a"])


def test_extra_variables_are_what_their_options_mean(source: Path) -> None:
    options = {"tries": {"type": "int"}, "servers": {"type": "list", "elements": "str"}}
    inventory = load_inventory([str(source)], extra=["tries=3 servers=one"], options=options)
    assert inventory.written_extra == {"tries": 3, "servers": ["one"]}
    assert inventory.values("a", {})["tries"] == 3


def test_what_a_run_elsewhere_would_make_something_else_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: Path
) -> None:
    monkeypatch.setenv("MY_USER", "ops")
    monkeypatch.chdir(tmp_path)
    source.write_text(
        "all: {hosts: {a: {ansible_user: \"{{ lookup('env', 'MY_USER') }}\", ansible_port: 2222, "
        "ansible_become_password: \"{{ 'a{' ~ '{b' }}\", ansible_ssh_private_key_file: keys/mine}}}\n"
    )
    inventory = load_inventory([str(source)])
    assert inventory.host("a").key_file == tmp_path / "keys" / "mine"
    assert inventory.reach("a") == {
        "ansible_user": "ops",
        "ansible_become_password": {"__ansible_unsafe": "a{{b"},
        "ansible_ssh_private_key_file": str(tmp_path / "keys" / "mine"),
    }
