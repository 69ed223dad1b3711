"""Files that wait, never end or are many: the question they stand behind is lost, and nothing else of the host."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from opsharden.errors import TimedOut
from opsharden.model import Host, Observation
from opsharden.probe.helper import bounds
from opsharden.probe.transports.dialogue import Dialogue
from opsharden.probe.transports.local import open_local
from opsharden.probe.transports.transport import OUTPUT_LIMIT, Answer, Patience

HERE = Host("here", "localhost", connection="local", become=False)


@pytest.fixture
def here() -> Iterator[Dialogue]:
    dialogue = open_local(HERE, Patience(10, 1.5, 60))
    yield dialogue
    dialogue.close()


def asked(here: Dialogue, command: str) -> Answer:
    """What comes of it; afterwards the host goes on answering, and by itself."""
    began = time.monotonic()
    answers = dict(here.exchange([command, "uname -s"]))
    assert time.monotonic() - began < 15
    after = answers["uname -s"]
    assert isinstance(after, Observation)
    assert after.native
    return answers[command]


@pytest.mark.parametrize("command", ["cat {}", "cat /etc/passwd {}"])
def test_a_pipe_that_nobody_writes_to(here: Dialogue, tmp_path: Path, command: str) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert isinstance(asked(here, command.format(tmp_path / "pipe")), TimedOut)


def test_a_pipe_is_looked_at_as_ever(here: Dialogue, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe", 0o640)
    for command, out in ((f"stat -Lc %a {tmp_path}/pipe", b"640\n"), (f"find {tmp_path} -printf '%f\\n'", None)):
        seen = asked(here, command)
        assert isinstance(seen, Observation)
        assert seen.native
        assert out is None or seen.stdout == out


def test_a_device_without_end_behind_a_link(here: Dialogue, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("/dev/zero")
    seen = asked(here, f"cat {tmp_path}/link")
    assert isinstance(seen, Observation)
    assert (seen.truncated, len(seen.stdout), seen.native) == (True, OUTPUT_LIMIT, False)


def test_a_command_without_end_is_ended_before_its_time_is_over(here: Dialogue) -> None:
    began = time.monotonic()
    seen = asked(here, "yes")
    assert isinstance(seen, Observation)
    assert seen.truncated
    assert time.monotonic() - began < 1.5


@pytest.mark.parametrize("command", ["cat {}", "cat {} 2>/dev/null || test $? -le 2"])
def test_a_socket_and_a_directory_are_the_shells_to_complain_about(
    here: Dialogue, tmp_path: Path, command: str
) -> None:
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(str(tmp_path / "socket"))
    for path in (tmp_path / "socket", tmp_path):
        seen = asked(here, command.format(path))
        assert isinstance(seen, Observation)
        assert not seen.native
    listening.close()


def test_a_large_file_is_the_shells_to_read(here: Dialogue, tmp_path: Path) -> None:
    (tmp_path / "large").write_bytes(b"x" * (1 << 20))
    seen = asked(here, f"cat {tmp_path}/large")
    assert isinstance(seen, Observation)
    assert (len(seen.stdout), seen.native) == (1 << 20, False)


def test_a_tree_deeper_than_anybody_walks(here: Dialogue, tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    tree.mkdir()
    deepest = os.open(tree, os.O_DIRECTORY)
    for _ in range(1200):
        os.mkdir("d", dir_fd=deepest)
        above, deepest = deepest, os.open("d", os.O_DIRECTORY, dir_fd=deepest)
        os.close(above)
    os.close(deepest)
    try:
        seen = asked(here, f"find {tree} -type f")
    finally:
        subprocess.run(["rm", "-rf", str(tree)], check=True)  # Python does not go that deep
    assert isinstance(seen, Observation)
    assert not seen.native


def test_a_tree_with_more_than_anybody_reads(here: Dialogue, tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    tree.mkdir()
    for number in range(21_000):
        os.mknod(tree / f"{number}")
    seen = asked(here, f"find {tree} -type f -printf '%f\\n'")
    subprocess.run(["rm", "-rf", str(tree)], check=True)
    assert isinstance(seen, Observation)
    assert (seen.stdout.count(b"\n"), seen.native) == (21_000, False)


def test_names_that_are_not_utf8(here: Dialogue, tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"caf\xe9\n\x1b[2J")).touch()
    seen = asked(here, f"find {tmp_path} -type f -printf '%f\\n'")
    assert isinstance(seen, Observation)
    assert seen.stdout == b"caf\xe9\n\x1b[2J\n"


def test_shells_of_commands_run_nothing_that_the_environment_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "env").write_text(f"touch {tmp_path}/touched\n")
    monkeypatch.setenv("BASH_ENV", str(tmp_path / "env"))
    monkeypatch.setenv("ENV", str(tmp_path / "env"))
    monkeypatch.setenv("BASH_FUNC_true%%", f"() {{ touch {tmp_path}/touched; }}")
    dialogue = open_local(HERE, Patience(10, 5, 60))
    try:
        dict(dialogue.exchange(["bash -c true", "sh -c true", "true"]))
    finally:
        dialogue.close()
    assert not (tmp_path / "touched").exists()


@pytest.mark.parametrize(
    ("path", "below", "declined"),
    [
        ("/mnt/away/x", False, True),
        ("/mnt/away", False, True),
        ("/mnt/awayday", False, False),
        ("/mnt", False, False),
        ("/mnt", True, True),
        ("/", True, True),
        ("/etc", True, False),
        ("/home/a b/x", False, True),
    ],
)
def test_what_is_on_another_machine_is_not_waited_for(
    path: str, below: bool, declined: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bounds, "_known", {"mounts": True})
    monkeypatch.setattr(bounds, "_elsewhere", ["/mnt/away", "/home/a b"])
    if declined:
        with pytest.raises(ValueError, match=r"^$"):
            bounds.nearby(path, below)
    else:
        bounds.nearby(path, below)


@pytest.mark.parametrize(
    ("nsswitch", "plain"),
    [
        ("passwd: files systemd\ngroup:\tfiles systemd\nhosts: files dns\n", True),
        ("passwd: files # ldap\ngroup: files\n", True),
        ("passwd: files ldap\ngroup: files\n", False),
        ("passwd: files\ngroup: files sss\n", False),
        ("passwd: files [NOTFOUND=return] nis\ngroup: files\n", False),
        ("passwd: files\n", False),
        ("", False),
    ],
)
def test_accounts_that_another_machine_may_know(nsswitch: str, plain: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "_known", {})
    monkeypatch.setattr(bounds, "read", lambda path: nsswitch.encode())
    if plain:
        bounds.local_accounts()
    else:
        with pytest.raises(ValueError, match=r"^$"):
            bounds.local_accounts()


def test_an_answer_that_takes_too_long_is_given_up_and_in_the_end_all_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "_LONGEST", 0.05)
    clock, before = bounds.Clock(), signal.getsignal(signal.SIGALRM)
    try:
        for late in (1, 2):
            with pytest.raises(TimeoutError), clock:
                time.sleep(5)
            assert clock.late == late
        with clock:
            pass
        time.sleep(0.1)
        assert clock.late == 2
    finally:
        signal.signal(signal.SIGALRM, before)
