"""What the options of our roles can be: declared for each, and the same for opsharden and for plain Ansible."""

from __future__ import annotations

import json
import os
import runpy
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from opsharden.catalogue import load_catalogue, roles_path
from opsharden.inventory.specs import NotMeant, Options
from opsharden.model import Limit

ROLES = load_catalogue().roles
OPTIONS = Options({name: spec for role in ROLES.values() for name, spec in role.options.items()})
PLUGIN = runpy.run_path(str(roles_path() / "kinds" / "action_plugins" / "option_limits.py"))

BEYOND: list[tuple[str, Any]] = [
    ("accounts_shell_timeout_seconds", 0),
    ("accounts_shell_timeout_seconds", "-900"),
    ("backup_account", "root"),
    ("backup_exclude", ["*.tmp"]),
    ("backup_max_age_hours", 0),
    ("backup_paths", "etc"),
    ("backup_paths", []),
    ("backup_repository_key", "hush\nhush"),
    ("backup_restore_max_age_days", -1),
    ("backup_schedule", "daily\n[Service]"),
    ("backup_server_address", "hub; reboot"),
    ("backup_server_dir", "srv"),
    ("backup_server_port", 70000),
    ("banner_text", " \n"),
    ("banner_text", "Welcome to \\S on \\m\n"),
    ("monitoring_exporter_port", 0),
    ("monitoring_max_age_seconds", 0),
    ("monitoring_scrape_seconds", -15),
    ("monitoring_server_addresses", "hub.example.org"),
    ("monitoring_server_addresses", ["192.0.2.1", "192.0.2.256"]),
    ("monitoring_server_addresses", []),
    ("monitoring_server_listen", "127.0.0.1:65536"),
    ("services_may_remove", ["no such name"]),
    ("ssh_alive_count_max", 0),
    ("ssh_alive_interval_seconds", 0),
    ("ssh_banner_file", "none"),
    ("ssh_ciphers_refused", ["*"]),
    ("ssh_login_grace_seconds", 0),
    ("ssh_max_auth_tries", 0),
    ("ssh_max_sessions", 0),
    ("ssh_max_startups", {"start": 10, "rate": 0, "full": 60}),
    ("ssh_max_startups", {"start": 60, "rate": 30, "full": 10}),
    ("sudo_log_file", "sudo.log"),
    ("sudo_timeout_minutes", -1),
    ("time_servers", []),
    ("time_servers", ""),
    ("time_servers", "ntp1.example.org ntp2.example.org"),
]
WITHIN: list[tuple[str, Any]] = [
    ("accounts_shell_timeout_seconds", "1"),
    ("backup_paths", "/etc, /srv"),
    ("backup_server_port", "22"),
    ("monitoring_server_addresses", ["192.0.2.1", "2001:db8::1"]),
    ("monitoring_server_listen", "[::1]:9090"),
    ("services_may_remove", ""),
    ("ssh_ciphers_refused", "*cbc*, 3des*"),
    ("ssh_max_startups", {"start": 10, "rate": 100, "full": 10}),
    ("sudo_timeout_minutes", 0),
    ("time_servers", "ntp1.example.org"),
]


def numbers(options: Mapping[str, Any], limits: Mapping[str, Limit], of: str = "") -> Iterator[tuple[str, Limit]]:
    for name, spec in options.items():
        limit = limits.get(name, Limit())
        if spec.get("type") in ("int", "float"):
            yield f"{of}{name}", limit
        yield from numbers(spec.get("options") or {}, limit.parts, f"{name}.")


@pytest.mark.parametrize("role", ROLES.values(), ids=lambda role: role.name)
def test_every_number_has_two_ends(role: Any) -> None:
    limits = {name: spec["limit"] for name, spec in role.options.items() if "limit" in spec}
    endless = [
        name
        for name, limit in numbers(role.options, limits)
        if limit.at_least is None or limit.at_most is None or not limit.at_least <= limit.at_most
    ]
    assert endless == []


@pytest.mark.parametrize("role", ROLES.values(), ids=lambda role: role.name)
def test_every_role_with_limits_has_a_task_that_holds_them(role: Any) -> None:
    tasks = [task for path in (role.path / "tasks").glob("*.yml") for task in yaml.safe_load(path.read_text("utf-8"))]
    held = [task for task in tasks if "option_limits" in task]
    assert len(held) == (role.path / "meta" / "limits.yml").is_file()


@pytest.mark.parametrize(("name", "value"), BEYOND)
def test_what_cannot_be_meant_is_told_in_the_same_words_by_both(name: str, value: Any) -> None:
    with pytest.raises(NotMeant) as caught:
        OPTIONS.held(name, value)
    assert list(in_ansible(name, value)) == [f"{name} {caught.value}."]


@pytest.mark.parametrize(("name", "value"), WITHIN)
def test_what_can_be_meant_is_taken_by_both(name: str, value: Any) -> None:
    OPTIONS.held(name, value)
    assert list(in_ansible(name, value)) == []


def in_ansible(name: str, value: Any) -> Iterator[str]:
    (role,) = (role for role in ROLES.values() if name in role.options)
    limits = yaml.safe_load((role.path / "meta" / "limits.yml").read_text("utf-8"))
    spec = {key: each for key, each in role.options[name].items() if key != "limit"}
    found: Iterator[str] = PLUGIN["complaints"](name, value, spec, limits[name])
    return found


def test_plain_ansible_refuses_before_the_roles_do_anything(tmp_path: Path) -> None:
    bad: dict[str, dict[str, Any]] = {
        "accounts": {"accounts_shell_timeout_seconds": 0},
        "backup": {"backup_server": "hub", "backup_server_port": 70000},
        "banner": {"banner_text": ""},
        "monitoring": {"monitoring_server": "hub", "monitoring_server_addresses": []},
        "services": {"services_may_remove": ["no such name"]},
        "ssh": {"ssh_max_auth_tries": 0},
        "sudo": {"sudo_timeout_minutes": -1},
        "time": {"time_servers": []},
    }
    local = {"ansible_connection": "local"}
    hosts = {f"on-{role}": {**values, **local, "role_here": role} for role, values in bad.items()}
    # The host `hub` is there to be named only.
    play = {"hosts": "on-*", "gather_facts": False, "tasks": [{"include_role": {"name": "{{ role_here }}"}}]}
    (tmp_path / "inventory.json").write_text(json.dumps({"all": {"hosts": {**hosts, "hub": {}}}}))
    (tmp_path / "play.json").write_text(json.dumps([play]))
    done = subprocess.run(
        [Path(sys.executable).parent / "ansible-playbook", "--check", "-i", "inventory.json", "play.json"],
        cwd=tmp_path,
        env={
            **os.environ,
            "ANSIBLE_ROLES_PATH": str(roles_path()),
            "ANSIBLE_STDOUT_CALLBACK": "ansible.builtin.minimal",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    for role, values in bad.items():
        name, value = values.popitem()
        assert f"on-{role} | FAILED!" in done.stdout, done.stdout
        assert f"{name} is {json.dumps(value)}; it has to be " in done.stdout.replace('\\"', '"')
    assert done.stdout.count("FAILED!") == len(bad)
