"""Verify cannot lie: hosts that freeze, are cut off, are somebody else by now, or are far away."""

from __future__ import annotations

import shutil
import socket
import time
from threading import Thread

import pytest

from tests.acceptance.relay import relay
from tests.acceptance.trouble import COMMAND, CONNECT, Trouble

RESTART = "systemctl reset-failed ssh; systemctl restart ssh"
THAW = "pkill -CONT sshd"


def test_a_host_that_freezes_in_the_middle(trouble: Trouble) -> None:
    trouble.undo.callback(trouble.project.exec, trouble.bad, THAW)
    trouble.replace("cvtsudoers", 'pkill -STOP sshd; exec /usr/bin/cvtsudoers "$@"')
    seen = trouble.verify()
    assert trouble.unjudged(seen, "The host stopped answering") >= {"sudo-log", "sudo-pty", "sudo-timeout"}
    assert seen.seconds < trouble.healthy.seconds * 3 + COMMAND + 10 + 5


def test_a_host_that_was_frozen_before(trouble: Trouble) -> None:
    trouble.make("pkill -STOP sshd", undo=THAW)
    seen = trouble.verify()
    trouble.unseen(seen, "did not answer in time")
    assert seen.seconds < trouble.healthy.seconds * 3 + CONNECT + 5


def test_a_connection_that_is_cut_in_the_middle(trouble: Trouble) -> None:
    slow = trouble.check("slow", "sleep 1013")
    after = trouble.check("next", "true")
    cut = "until pgrep -fx 'sleep 1013'; do sleep 0.1; done; pkill -KILL -u opsharden sshd"
    cutter = Thread(target=trouble.project.lab.exec, args=(trouble.bad, cut), kwargs={"timeout": 60})
    cutter.start()
    seen = trouble.verify()
    cutter.join()
    assert trouble.unjudged(seen, "The connection was lost") >= {slow, after}
    # Nobody is there to end them, so they have to end by themselves.
    gone = "! pgrep -fx 'sleep 1013' && ! pgrep -x python3"
    trouble.project.exec(trouble.bad, f"for _ in $(seq {COMMAND + 5:.0f}); do {gone} && exit; sleep 1; done; exit 1")


def test_a_host_whose_key_changed(trouble: Trouble) -> None:
    known = trouble.project.path / "known_hosts"
    before = known.read_bytes()
    trouble.make(
        f"mkdir /var/lib/keys; mv /etc/ssh/ssh_host_* /var/lib/keys; ssh-keygen -A; {RESTART}",
        undo=f"[ ! -d /var/lib/keys ] || {{ mv /var/lib/keys/* /etc/ssh/; rmdir /var/lib/keys; }}; {RESTART}",
    )
    seen = trouble.verify()
    shown = trouble.project.exec(trouble.bad, "ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub").split()[1]
    trouble.unseen(seen, "host key", "has changed", shown, f"{known} line")
    assert known.read_bytes() == before


@pytest.mark.parametrize(
    ("milliseconds", "first"),
    [
        pytest.param(50, True, id="50 ms, first time"),
        pytest.param(50, False, id="50 ms"),
        pytest.param(300, False, id="300 ms"),
    ],
)
def test_a_host_that_is_far_away(trouble: Trouble, milliseconds: int, first: bool) -> None:
    if first:
        shutil.rmtree(trouble.project.path / ".opsharden")
    address = trouble.project.lab.host(trouble.bad).address
    port = trouble.undo.enter_context(relay(address, milliseconds / 1000))
    began = time.monotonic()
    with socket.create_connection(("127.0.0.1", port)) as line:
        assert line.recv(4) == b"SSH-"
    assert time.monotonic() - began > milliseconds / 1000
    inventory = trouble.project.path / "inventory" / "host_vars"
    inventory.mkdir()
    (inventory / f"{trouble.bad}.yml").write_text(f"ansible_host: 127.0.0.1\nansible_port: {port}\n")
    known = trouble.project.path / "known_hosts"
    lines = known.read_text()
    known.write_text(lines + lines.replace(f"{address} ", f"[127.0.0.1]:{port} "))
    seen = trouble.verify()
    took = f"{milliseconds} ms: {seen.seconds:.1f} s; none, first time: {trouble.healthy.seconds:.1f} s"
    print(took)  # noqa: T201 - a figure for who looks with -rP
    trouble.unmoved(seen)
