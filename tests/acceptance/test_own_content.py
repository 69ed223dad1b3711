"""A user's own roles and tests, named in opsharden.toml, take part in apply, verify and evidence."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def extended(own: Any) -> Any:
    """A project with a role as people have it, a role in our shape, a plain folder of tests, and a profile."""
    files = {
        "roles/greeting/tasks/main.yml": (
            "---\n- name: Greet\n  ansible.builtin.copy: {content: hello, dest: /etc/greeting, mode: '0644'}\n"
        ),
        "roles/owner/controls.yml": (
            "- {id: own-owner-named, title: The owner is named, why: To be called., severity: high}\n"
        ),
        "roles/owner/defaults/main.yml": "---\nowner_name: nobody\n",
        "roles/owner/tasks/main.yml": (
            "---\n- name: Name the owner\n  ansible.builtin.copy:\n    content: '{{ owner_name }}'\n"
            "    dest: /etc/owner\n    mode: '0644'\n  tags: [own-owner-named]\n"
        ),
        "roles/owner/checks/test_owner.py": (
            "import pytest\n\n\n@pytest.mark.control('own-owner-named')\ndef test_owner(host, values):\n"
            "    assert host.run('cat /etc/owner').stdout == values['owner_name']\n"
        ),
        "checks/test_greeting.py": (
            "def test_is_there(host):\n    'The greeting is there'\n"
            "    assert host.run('cat /etc/greeting').stdout == 'hello'\n"
        ),
        "profiles/site.yml": (
            "name: site\ntitle: Ours\ncontrols: [ssh-grace, own-owner-named]\nvalues: {owner_name: ops@example.net}\n"
        ),
    }
    for name, text in files.items():
        path = own.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    with (own.path / "opsharden.toml").open("a") as file:
        file.write('roles = ["roles"]\nchecks = ["checks"]\nprofile_dirs = ["profiles"]\n')
    with (own.path / "inventory" / "group_vars" / "all.yml").open("a") as file:
        file.write("opsharden_profiles: [site]\n")
    return own


def verdicts(text: str) -> dict[tuple[str, str], str]:
    return {(finding["host"], finding["control"]): finding["verdict"] for finding in json.loads(text)["findings"]}


def test_own_content_is_verified_applied_and_filed(extended: Any) -> None:
    host = extended.names[0]
    before = extended.run("verify", host, "-o", "json")
    assert before.returncode == 3, before.stderr
    assert verdicts(before.stdout)[host, "own-owner-named"] == "fail"
    assert verdicts(before.stdout)[host, "own-greeting-is-there"] == "fail"

    done = extended.run("apply", host, "-o", "json")
    assert done.returncode == 0, done.stdout + done.stderr
    assert set(verdicts(done.stdout).values()) == {"pass"}
    assert extended.exec(host, "cat /etc/greeting /etc/owner") == "helloops@example.net"

    shown = extended.run("runs", "show", "latest", "-o", "csv")
    assert "own-greeting-is-there" in shown.stdout
    assert "The greeting is there" in shown.stdout
    extended.exec(host, "rm /etc/greeting /etc/owner")


def test_the_same_checks_run_under_plain_pytest(extended: Any, tmp_path: Path) -> None:
    host = extended.names[0]
    address = next(each.address for each in extended.lab.hosts if each.name == host)
    config = tmp_path / "ssh_config"
    config.write_text(
        f"Host {address}\n  User opsharden\n  IdentityFile {extended.path}/keys/automation\n"
        f"  UserKnownHostsFile {extended.path}/known_hosts\n"
    )
    extended.exec(host, "printf hello > /etc/greeting")
    checks = Path(__file__).parents[2] / "roles" / "kinds" / "checks" / "access"
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-p",
            "no:cacheprovider",
            f"--hosts=ssh://{address}",
            f"--ssh-config={config}",
            "--sudo",
            extended.path / "checks",
            checks,
            "-k",
            "greeting or file-",
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "4 passed" in done.stdout, done.stdout
    extended.exec(host, "rm /etc/greeting")


DATA = {
    # What is wanted, how a host comes to have it otherwise, what shows it, right and wrong, and how it goes again.
    "sysctl": (
        "net.ipv4.tcp_rfc1337: {exactly: 1}",
        "true",
        ("cat /proc/sys/net/ipv4/tcp_rfc1337; ls /etc/sysctl.d | grep -c opsharden || true", "0\n0\n", "1\n1\n"),
        "rm /etc/sysctl.d/zz-opsharden.conf; echo 0 >/proc/sys/net/ipv4/tcp_rfc1337",
    ),
    "access": (
        "/etc/edge/**: {owner: root, mode: {at_most: '0640'}}",
        "mkdir -p /etc/edge && touch /etc/edge/key && chmod 666 /etc/edge/key && chown games /etc/edge/key",
        ("stat -c '%a %U' /etc/edge/key", "666 games\n", "640 root\n"),
        "rm -r /etc/edge",
    ),
    "sshd": (
        "PermitTunnel: {exactly: 'no'}",
        "echo 'PermitTunnel yes' >/etc/ssh/sshd_config.d/50-edge.conf",
        ("sshd -T | grep permittunnel", "permittunnel yes\n", "permittunnel no\n"),
        "rm /etc/ssh/sshd_config.d/50-edge.conf; sed -i /PermitTunnel/d /etc/ssh/sshd_config.d/00-opsharden.conf",
    ),
    "package": (
        "absent: {edge: [tnftp]}",
        "apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends install tnftp",
        ("dpkg-query -W -f '${Status}' tnftp | grep -c 'ok installed' || true", "1\n", "0\n"),
        "dpkg --purge tnftp",
    ),
    "unit": (
        "talker.service: {state: 'off'}",
        "cd /usr/lib/systemd/system && printf '[Service]\\nExecStart=sleep inf\\n' >talker.service && "
        "printf '[Socket]\\nListenStream=/run/talker\\n[Install]\\nWantedBy=sockets.target\\n' >talker.socket && "
        "systemctl enable -q --now talker.socket && systemctl start talker.service",
        ("systemctl is-active talker.service talker.socket || true", "active\nactive\n", "inactive\ninactive\n"),
        "systemctl unmask -q talker.service; rm /usr/lib/systemd/system/talker.*; systemctl daemon-reload",
    ),
    "setting": (
        "journald: {ForwardToWall: {exactly: 'no'}}",
        "true",
        ("grep -cs ForwardToWall=no /etc/systemd/journald.conf.d/zz-opsharden.conf || echo none", "none\n", "1\n"),
        "sed -i /ForwardToWall/d /etc/systemd/journald.conf.d/zz-opsharden.conf",
    ),
}


@pytest.mark.parametrize("kind", DATA)
def test_a_control_that_is_data_needs_nothing_but_its_entry(own: Any, kind: str) -> None:
    """Fix, check, plan and finding come with its kind; the role around it is the same for every such control."""
    want, given, (shown, wrong, right), undo = DATA[kind]
    control = f"own-{kind}"
    files = {
        f"roles/edge_{kind}/controls.yml": (
            f"- id: {control}\n  title: A house's own\n  why: To last.\n"
            f"  severity: low\n  kind: {kind}\n  want:\n    {want}\n"
        ),
        f"roles/edge_{kind}/meta/main.yml": "---\ndependencies: [{role: kinds}]\n",
        f"roles/edge_{kind}/tasks/main.yml": (
            "---\n- name: Bring about what its controls want\n"
            "  data_controls: {role: '{{ role_path }}'}\n  tags: [always]\n"
        ),
    }
    for name, text in files.items():
        path = own.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    with (own.path / "opsharden.toml").open("a") as file:
        file.write('roles = ["roles"]\n')
    host = own.names[0]
    own.exec(host, given)
    chosen = (host, "--control", control, "-o", "json")
    before = own.run("verify", *chosen)
    assert verdicts(before.stdout) == {(host, control): "fail"}, before.stdout + before.stderr

    planned = json.loads(own.run("apply", "--check", *chosen).stdout)["changes"]
    assert [change["status"] for change in planned] == ["changed"]
    assert own.exec(host, shown) == wrong, "a plan changes nothing"

    done = own.run("apply", *chosen)
    assert verdicts(done.stdout) == {(host, control): "pass"}, done.stdout + done.stderr
    assert own.exec(host, shown) == right
    again = own.run("apply", "--all", *chosen)
    assert json.loads(again.stdout)["changes"] == []
    own.exec(host, undo)
