from __future__ import annotations

import json
import os
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from opsharden.errors import PlayError
from opsharden.play.preparation import PLAYBOOK, SEALED, prepare
from opsharden.play.private import Private
from opsharden.play.request import Content, PlayRequest, Unlock


@pytest.fixture
def private(tmp_path: Path) -> Private:
    return Private(tmp_path, lock=-1)


def request(**fields: Any) -> PlayRequest:
    usual: dict[str, Any] = {"run_id": "r1", "hosts": ("a", "b"), "inventory": ("/etc/hosts.yml", "x,y")}
    of_content = {name: fields.pop(name) for name in Content.__dataclass_fields__ if name in fields}
    content = Content(**{"roles": ("ssh", "pam"), **of_content})
    return PlayRequest(**{**usual, "known_hosts": (), "content": content, **fields})


def after(words: tuple[str, ...], option: str) -> list[str]:
    return [words[place + 1] for place, word in enumerate(words) if word == option]


def test_the_play_is_one_play_of_all_roles_marked_with_the_run(private: Private) -> None:
    prepare(request(), private)
    (play,) = json.loads((private.path / PLAYBOOK).read_text(encoding="utf-8"))
    assert [part["name"] for part in play["tasks"]] == ["ssh", "pam"]
    assert play["environment"] == {"OPSHARDEN_RUN": "r1"}
    assert (play["become"], play["gather_facts"]) == (True, False)


def test_the_words_say_it_all(private: Private) -> None:
    words = prepare(request(tags=("x", "y"), forks=7, check=True), private)
    assert after(words, "-i") == ["/etc/hosts.yml", "x,y"]
    assert (after(words, "--tags"), after(words, "--forks"), "--check" in words) == (["x,y"], ["7"], True)
    assert Path(after(words, "--limit")[0][1:]).read_text(encoding="utf-8").split() == ["a", "b"]
    plain = prepare(request(), Private(private.path / "other", lock=-1))
    assert "--tags" not in plain
    assert after(plain, "--skip-tags") == ["opsharden-limits"]
    assert "--check" not in plain


def test_controls_that_are_data_are_brought_about_by_one_role_for_all(private: Private) -> None:
    words = prepare(request(roles=("banner", "kinds"), data_roles=(Path("/roles/ssh"), Path("/roles/sudo"))), private)
    assert after(words, "--skip-tags") == ["opsharden-limits,opsharden-data"]
    (play,) = json.loads((private.path / PLAYBOOK).read_text(encoding="utf-8"))
    assert [part["block"][0]["ansible.builtin.import_role"] for part in play["tasks"]] == [
        {"name": "banner"},
        {"name": "kinds", "tasks_from": "data"},
    ]
    assert play["vars"]["opsharden_data_roles"] == ["/roles/ssh", "/roles/sudo"]


def test_defaults_are_the_first_source_and_name_no_host(private: Private) -> None:
    first, *others = after(prepare(request(default_vars={"v": 1}), private), "-i")
    assert json.loads(Path(first).read_text(encoding="utf-8")) == {"all": {"vars": {"v": 1}}}
    assert others == ["/etc/hosts.yml", "x,y"]


def test_host_variables_lie_beside_the_play_and_are_no_source(private: Private) -> None:
    words = prepare(request(host_vars={"a": {"selected": ("x",), "on": date(2026, 1, 2)}}), private)
    found = private.path / "play" / "host_vars" / "a.json"
    assert json.loads(found.read_text(encoding="utf-8")) == {"selected": ["x"], "on": "2026-01-02"}
    assert after(words, "-i") == ["/etc/hosts.yml", "x,y"]


def test_an_inventory_of_its_own_lies_among_the_secrets(private: Private) -> None:
    own = {"all": {"hosts": {"a": {"token": {"__ansible_vault": "x"}}}}}
    first, second = after(prepare(request(inventory=own, default_vars={"v": 1}), private), "-i")
    assert Path(first).name == "defaults.json"
    assert Path(second).parent == private.path / SEALED
    assert Path(second).stat().st_mode & 0o777 == 0o600
    assert json.loads(Path(second).read_text(encoding="utf-8")) == own


def test_no_secret_is_a_word_and_every_file_is_its_owners_alone(private: Private) -> None:
    unlock = Unlock(SecretStr("pw1"), (("default", SecretStr("pw2")),), SecretStr("pw3"))
    old = os.umask(0)
    try:
        words = prepare(request(unlock=unlock, extra_vars={"token": "pw4"}), private)
    finally:
        os.umask(old)
    assert not [word for word in words if "pw" in word]
    files = [path for path in private.path.rglob("*") if path.is_file()]
    assert {path.stat().st_mode & 0o777 for path in files} == {0o600}
    assert {path.stat().st_mode & 0o077 for path in private.path.rglob("*")} == {0}
    holding = {path.parent.name for path in files if "pw" in path.read_text(encoding="utf-8")}
    assert holding == {"sealed"}
    assert sorted(unlock.secrets) == ["pw1", "pw2", "pw3"]


def test_how_to_connect_wins_over_the_users_extra_variables(private: Private) -> None:
    words = prepare(request(extra_vars={"ansible_host_key_checking": False, "v": 1}), private)
    extra = json.loads(Path(after(words, "--extra-vars")[0][1:]).read_text(encoding="utf-8"))
    assert (extra["ansible_host_key_checking"], extra["v"]) == (True, 1)


@pytest.mark.parametrize(
    "fields",
    [{"hosts": ()}, {"roles": ()}, {"host_vars": {"../a": {}}}, {"extra_vars": {"v": object()}}],
)
def test_what_cannot_be_played_is_refused(private: Private, fields: dict[str, Any]) -> None:
    with pytest.raises(PlayError):
        prepare(request(**fields), private)
