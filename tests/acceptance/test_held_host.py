"""A host that another run is changing is left alone, in one sentence; the other hosts go on."""

from __future__ import annotations

import json
from typing import Any

import pytest

HOLDER = {"run": "20260102-030405-abcd", "operator": "anna", "node": "node1", "since": "2026-01-02 03:04:05 UTC"}


def hold(own: Any, host: str, seconds: int) -> None:
    """Have somebody take the lease on a host."""
    script = (
        f"exec 9>/run/opsharden.lease; flock 9; read -r up rest </proc/uptime; "
        f"printf '%s %s %s\\n' ${{up%.*}} $$ '{json.dumps(HOLDER)}' >&9; exec sleep {seconds}"
    )
    quoted = script.replace('"', '\\"').replace("$", "\\$\\$")
    own.exec(host, f'systemd-run --quiet --collect --unit=lease-holder sh -c "{quoted}"; sleep 0.5')


@pytest.fixture
def held(own: Any) -> Any:
    """A host whose lease somebody has."""
    host = own.names[0]
    hold(own, host, 600)
    yield host
    own.exec(host, "systemctl stop lease-holder; rm -f /run/opsharden.lease")


def test_it_is_not_changed_and_the_others_are(own: Any, held: str) -> None:
    other = own.names[1]
    for host in (held, other):
        own.exec(host, "rm -f /etc/ssh/sshd_config.d/00-opsharden.conf; sed -i /00-opsharden/d /etc/ssh/sshd_config")
        own.exec(host, "systemctl reload ssh")
    done = own.run("apply", f"{held},{other}", "--control", "ssh-grace", "-o", "json:r.json")
    assert done.returncode == 4, done.stdout + done.stderr
    sentence = f"{held} is being changed by the run {HOLDER['run']} of anna on node1, since {HOLDER['since']}."
    assert sentence in done.stdout + done.stderr
    record = json.loads((own.path / "r.json").read_text(encoding="utf-8"))
    verdicts = {finding["host"]: finding["verdict"] for finding in record["findings"]}
    assert verdicts == {held: "fail", other: "pass"}
    assert {change["host"] for change in record["changes"] if change["status"] == "changed"} == {other}
    assert [change["message"] for change in record["changes"] if change["host"] == held] == [
        f"{sentence} Nothing was changed there; run it again when that one has ended."
    ]
    own.exec(held, "systemctl stop lease-holder")
    done = own.run("apply", held, "--control", "ssh-grace")
    assert done.returncode == 0, done.stdout + done.stderr
    assert own.exec(held, "ls /run/opsharden.lease 2>/dev/null || echo gone") == "gone\n"


@pytest.fixture
def backed_up(own: Any) -> Any:
    """A host that comes to have backups, with a key that only this test's project knows: in the end it has none."""
    host = own.names[0]
    yield host
    own.exec("hub", "systemctl stop lease-holder 2>/dev/null; rm -f /run/opsharden.lease")
    units = "/etc/systemd/system/opsharden-backup.timer /etc/systemd/system/opsharden-backup-prove.timer"
    own.exec(host, f"for unit in {units}; do test ! -e $unit || systemctl disable --now ${{unit##*/}}; done")
    own.exec(host, "rm -rf /etc/opsharden/backup /var/lib/opsharden/backup /var/cache/opsharden-backup")
    own.exec(host, f"rm -f /usr/local/sbin/opsharden-backup /etc/systemd/system/opsharden-backup@.service {units}")
    own.exec(host, "systemctl daemon-reload")
    account = f"bkp-{host}"
    own.exec("hub", f"if id -u {account}; then userdel {account}; fi")
    own.exec("hub", f"rm -rf /srv/opsharden-backup/{account} /etc/ssh/opsharden-backup/{account}")


def test_a_hub_that_is_changed_on_behalf_of_a_host_is_waited_for(own: Any, backed_up: str) -> None:
    host = backed_up
    hold(own, "hub", 20)
    done = own.run("apply", host, "--profile", "backup", "-o", "json:r.json")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Waiting for hub, a hub (hub is being changed by the run" in done.stderr
    assert own.exec("hub", "ls /run/opsharden.lease 2>/dev/null || echo gone") == "gone\n"
    hold(own, "hub", 600)
    own.exec(host, "systemctl disable --now opsharden-backup.timer")
    own.exec(host, "rm -f /etc/ssh/sshd_config.d/00-opsharden.conf; sed -i /00-opsharden/d /etc/ssh/sshd_config")
    own.exec(host, "systemctl reload ssh")
    settings = (own.path / "opsharden.toml").read_text(encoding="utf-8")
    (own.path / "opsharden.toml").write_text(f"apply_timeout = 60\n{settings}", encoding="utf-8")
    words = ("--profile", "baseline-1", "--profile", "backup")
    done = own.run(
        "apply", host, *words, "--control", "bkp-client-active", "--control", "ssh-grace", "-o", "json:r.json"
    )
    own.exec("hub", "systemctl stop lease-holder; rm -f /run/opsharden.lease")
    assert done.returncode == 4, done.stdout + done.stderr
    record = json.loads((own.path / "r.json").read_text(encoding="utf-8"))
    assert {(each["control"], each["verdict"]) for each in record["findings"]} == {
        ("bkp-client-active", "fail"),
        ("ssh-grace", "pass"),
    }, "what needs no hub is done"
    (left,) = [each for each in record["changes"] if each["status"] == "failed"]
    assert left["task"] == "Hold hub for this run"
    assert left["message"].startswith("hub is being changed by the run")
