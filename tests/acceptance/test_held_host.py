"""A host that another run is changing is left alone, in one sentence; the other hosts go on."""

from __future__ import annotations

import json
from typing import Any

import pytest

HOLDER = {"run": "20260102-030405-abcd", "operator": "anna", "node": "node1", "since": "2026-01-02 03:04:05 UTC"}


@pytest.fixture
def held(own: Any) -> Any:
    """A host whose lease somebody has."""
    host = own.names[0]
    hold = (
        f"exec 9>/run/opsharden.lease; flock 9; read -r up rest </proc/uptime; "
        f"printf '%s %s %s\\n' ${{up%.*}} $$ '{json.dumps(HOLDER)}' >&9; exec sleep 600"
    )
    quoted = hold.replace('"', '\\"').replace("$", "\\$\\$")
    own.exec(host, f'systemd-run --quiet --unit=lease-holder sh -c "{quoted}"; sleep 0.5')
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
