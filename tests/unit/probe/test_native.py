"""What the helper answers by itself is to the letter what the command answers: on this machine, with a real shell."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from opsharden.model import Host, Observation
from opsharden.probe import native
from opsharden.probe.transports.dialogue import Dialogue
from opsharden.probe.transports.local import open_local
from opsharden.probe.transports.transport import Patience

HERE = Host("here", "localhost", connection="local", become=False)

PLAIN = [
    "cat /etc/os-release",
    "cat /etc/passwd /etc/group",
    "cat -- /etc/passwd",
    "test -e /etc/passwd",
    "test -e /nowhere",
    "test -e /etc/passwd/below",
    "test ! -e /nowhere",
    "test -d /etc",
    "test -f /etc",
    "test -s /etc/passwd",
    "test -L /proc/self",
    "! test -e /nowhere || cat /nowhere",
    "! test -e /etc/passwd || cat /etc/passwd",
    "test ! -d /nowhere || cat /etc/passwd",
    "false",
    "uname -s",
    "uname -m",
    "stat -Lc %a /etc/passwd",
    "stat -Lc %U /etc/shadow",
    "stat -Lc %G /etc/shadow",
    "stat -Lc %u /tmp",
    "stat -Lc %g /etc/shadow",
    "stat -Lc %s /etc/passwd",
    "stat -Lc %a /tmp",
    "stat -Lc %a /nowhere",
    "stat -c %a /etc/passwd",
    "stat -Lc '%a %U' /etc/passwd",
    "stat -c 'd %a %U:%G %n' / /etc",
    "stat -c '%s%s %u,%g' /etc/passwd",
    "stat -c '%a %n' /proc/self /etc/os-release",
    "stat -Lc '%a %n' /proc/self /etc/os-release",
    "stat -c %n /etc /nowhere",
    "grep -rs root /nowhere",
    "grep -RsnHE '^a|b' /nowhere /no/where/else || test $? -le 2",
    "grep -rsnH root /nowhere /etc/passwd",
    "grep -rs root /etc/hostname /etc/issue",
    "getent passwd root",
    "getent group root",
    "getent passwd no-such-user",
    "sysctl -n net.ipv4.ip_forward",
    "sysctl -n kernel.ostype",
    "sysctl -n net.nothing",
    "sysctl -n net.ipv4.tcp_rmem",
    "dpkg-query -f '${Status}' -W dpkg",
    "dpkg-query -f '${Status} ${Version}' -W dpkg",
    "dpkg-query -f '${Status}' -W no-such-package",
    "dpkg-query -f '${Package} ${Status} [${Version}]\\n' -W dpkg dpkg",
    "dpkg-query -f '${Package} ${Status} [${Version}]\\n' -W dpkg awk c-compiler any 2>/dev/null",
    "dpkg-query --show --showformat='${db:Status-Status} ${Package}\\n' tar dpkg nothing-there bash 2>/dev/null",
    "dpkg-query --show --showformat='${db:Status-Status} ${Package}\\n' nothing-there 2>/dev/null || test $? -eq 1",
    r"find /etc -maxdepth 1 -type f \( -name issue -o -name 'pass*' -o -name '*.conf' \) -printf '%m %u:%g %p\n'",
    "find /etc -type d -path '/etc/*/*.d'",
    r"find /etc /usr/lib/os-release -maxdepth 1 ! -type l ! \( -user root -o -perm -002 \) -o -perm /111 -type f",
    "find /etc -maxdepth 1 -type l -name '*a*b*' -printf '%f\\n'",
    "find /etc/passwd -printf '%f %m'",
    "find / -maxdepth 1 -name 'e*' -printf '%f %p\n'",
    "find / -maxdepth 0 -printf '%f %p\n'",
    r"find / /etc /dev/null -maxdepth 0 -printf '%y %m %U %G %u:%g:%p -> %l\n'",
    r"find /etc /run -maxdepth 2 '(' -path /etc/passwd -o -path '/etc/*.d*' ')' -printf '%y %U %G %p -> %l\n'",
    "find /nowhere -type f",
    "find -L /etc -maxdepth 1 -type f -printf '%m %u %p\\n'",
    "find -L /etc -maxdepth 1 -type l",
    "find -L /etc/passwd /etc/os-release -type f",
    "find -L /proc/self -maxdepth 1",
    "find -L /etc/apt -type d",
    "find -L /nowhere -type f",
    "test ! -d /etc/apt || find /etc/apt -type f -printf '%f %m %u\n'",
    "systemd-analyze cat-config --no-pager sysctl.d",
    "cat /etc/os-release | sed -E 's/=[1-9][0-9]*/=yes/'",
    "cat /etc/login.defs | sed -E 's/=[1-9][0-9]*/=yes/'",
    "cat /nowhere | sed -E 's/=[1-9][0-9]*/=yes/'",
    "systemctl cat ssh.service",
    "systemctl cat no-such.service",
    "grep -rs '' /proc/sys/net/ipv4/conf --include=rp_filter",
    "grep -rs '' /proc/sys/net/ipv4 --include=forwarding",
    "grep -rs '' /proc/sys/net --include=accept_redirects",
    "grep -rs '' /proc/sys/net/ipv4/conf --include=nothing-so-named",
    "grep -rs '' /proc/sys/net/ipv6/conf --include=stable_secret",
    "grep -rs '' /proc/sys/net/nothing --include=rp_filter",
    "grep -rs '' /proc/sys/net/ipv4/ip_forward --include=ip_forward",
    "cat /nowhere",
    "cat /nowhere 2>/dev/null || test $? -le 2",
    "cat /etc",
]
RUN = ";\x1f\x1frun\x1f"
NOT_OURS = [
    "cat /etc/passwd | wc -l",
    "cat -n /etc/passwd",
    "cat /etc/*-release",
    "test -r /etc/shadow",
    "test a = b",
    "stat -c %A /etc/passwd",
    "stat -Lc '%a\\n' /etc/passwd",
    "stat -Lc %a%% /etc/passwd",
    "stat -c %a --printf /etc/passwd",
    "stat -f /etc",
    "stat -c %a",
    "date +%s%N",
    "getent passwd 0",
    "getent hosts localhost",
    "sysctl -n net.ipv4.conf.eth0.100/forwarding",
    "sysctl -w net.ipv4.ip_forward=1",
    "dpkg-query -W dpkg",
    "dpkg-query -f '${Architecture}' -W dpkg",
    "dpkg-query -f '${Status}' -W 'dp*'",
    "dpkg-query -f '${Status}' -W dpkg:amd64",
    "systemctl show ssh.service",
    "systemctl show --property=Id 'ssh*'",
    "systemctl is-active ssh.service",
    "systemctl cat ssh.service cron.service",
    "systemctl cat 'ssh*'",
    "systemctl cat --force ssh.service",
    "systemctl show --property=Id ssh.service | sed -E 's/[a-z]/=yes/'",
    "systemctl show --property=Id ssh.service | sed -nE 's/=[1-9][0-9]*/=yes/'",
    "systemctl show --property=Id ssh.service | cat /etc/passwd",
    "sed -E 's/=[1-9][0-9]*/=yes/'",
    "cat /etc/passwd; cat /etc/group | sed -E 's/=[1-9][0-9]*/=yes/'",
    "! cat /etc/passwd | sed -E 's/=[1-9][0-9]*/=yes/'",
    "find . -type f",
    "find -L",
    "find -L . -type f",
    "find -P /etc -type f",
    "find /etc -L -type f",
    "find /etc -exec cat {} ';'",
    "find /etc -delete",
    "find /etc -name '[a-z]*'",
    "find /etc -name 'a?c'",
    "find /etc -printf '%s\\n'",
    "find /etc -printf '\\t'",
    "find /etc -mtime -1",
    "find /etc/* -type f",
    "grep -rs '' /etc --include=issue",
    "grep -r root /nowhere",
    "grep -rsq root /nowhere",
    "grep -rs -e root /nowhere",
    "grep -rsE '(' /nowhere",
    "grep -rs root nowhere",
    "grep -s root /nowhere",
    "grep -rs '' /proc/sys/net --include='*filter'",
    "grep -rs 1 /proc/sys/net --include=rp_filter",
    "grep -r '' /proc/sys/net --include=rp_filter",
    "grep -rsn '' /proc/sys/net --include=rp_filter",
    "systemd-analyze verify ssh.service",
    "cat /etc/passwd > /tmp/x",
    "cat $(echo /etc/passwd)",
    "if true; then cat /etc/passwd; fi",
]


@pytest.fixture(scope="module")
def here() -> Iterator[Dialogue]:
    dialogue = open_local(HERE, Patience(10, 20, 60))
    yield dialogue
    dialogue.close()


@pytest.mark.parametrize("command", PLAIN)
def test_the_answer_is_the_commands_own(here: Dialogue, command: str) -> None:
    # In a group the command is none that is recognised, and means the same.
    theirs = f"{{ {command}\n}}"
    assert native.programs([theirs]) == {}
    answers = dict(here.exchange([command, theirs]))
    ours, real = answers[command], answers[theirs]
    assert isinstance(ours, Observation)
    assert isinstance(real, Observation)
    assert not real.native
    assert (ours.rc, ours.stdout, ours.stderr) == (real.rc, real.stdout, real.stderr)


@pytest.mark.parametrize("command", ["cat /etc/passwd", "test -e /x", "stat -Lc %a /tmp", "uname -s", "date +%s"])
def test_plain_questions_cost_no_process(here: Dialogue, command: str) -> None:
    ((_, seen),) = here.exchange([command])
    assert isinstance(seen, Observation)
    assert seen.native


@pytest.mark.parametrize("command", NOT_OURS)
def test_what_is_not_certain_is_answered_by_the_command_itself(command: str) -> None:
    program = native.programs([command]).get(command, RUN)
    assert program.startswith(RUN)


@pytest.mark.parametrize("command", NOT_OURS)
def test_what_needs_no_shell_is_run_as_it_is_written(command: str) -> None:
    program = native.programs([command]).get(command)
    if program:
        assert program.removeprefix(RUN).split("\x1f") == shlex.split(command)


@pytest.mark.parametrize(
    ("command", "rc"),
    [
        ("find /etc/passwd -name 'a?c' -o -mtime -9999 -print", 0),
        ("grep -nx 'root:.*' /etc/passwd", 0),
        ("grep -c root /nowhere", 2),
        ("awk 'BEGIN {exit 7}'", 7),
        ("ls -d '/no where'", 2),
    ],
)
def test_a_program_says_the_same_with_and_without_a_shell(here: Dialogue, command: str, rc: int) -> None:
    shell = f"{{ {command}\n}}"
    assert native.programs([command, shell]).keys() == {command}
    answers = dict(here.exchange([command, shell]))
    ours, theirs = answers[command], answers[shell]
    assert isinstance(ours, Observation)
    assert isinstance(theirs, Observation)
    assert (ours.rc, ours.stdout, ours.stderr) == (theirs.rc, theirs.stdout, theirs.stderr)
    assert (ours.rc, ours.native) == (rc, False)


def test_a_program_that_is_not_there_is_the_shells_to_miss(here: Dialogue, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(native, "_PROGRAMS", ("no-such-program",))
    ((_, seen),) = here.exchange(["no-such-program -x"])
    assert isinstance(seen, Observation)
    assert seen.rc == 127
    assert b"not found" in seen.stderr


def test_the_digest_says_how_an_answer_was_taken(here: Dialogue) -> None:
    ((_, ours),), ((_, real),) = here.exchange(["uname -s"]), here.exchange(["uname -s && true"])
    assert isinstance(ours, Observation)
    assert isinstance(real, Observation)
    assert ours.digest != Observation("here", "uname -s", 0, real.stdout, b"", real.taken_at, 0.0).digest


def test_what_is_said_of_numbers_is_what_sed_says(here: Dialogue, tmp_path: Path) -> None:
    (tmp_path / "said").write_text("A=12x\nB=0\nC=\nD\n=7\nE=a1\n\nF=10")
    ours, theirs = [f"{cat} {tmp_path}/said | sed -E 's/=[1-9][0-9]*/=yes/'" for cat in ("cat", "/bin/cat")]
    answers = dict(here.exchange([ours, theirs]))
    assert [seen.native for seen in answers.values() if isinstance(seen, Observation)] == [True, False]
    assert len({seen.stdout for seen in answers.values() if isinstance(seen, Observation)}) == 1


def test_nothing_is_found_in_an_empty_folder(here: Dialogue, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "file").write_text("root\n")
    (tmp_path / "broken").symlink_to("nothing")
    sets = [("empty",), ("empty", "missing"), ("missing",), ("full",), ("missing", "full"), ("broken",), ("full/file",)]
    commands = [f"grep -rs root {' '.join(f'{tmp_path}/{name}' for name in names)}" for names in sets]
    ours = dict(here.exchange(commands))
    theirs = dict(here.exchange([f"{{ {command}\n}}" for command in commands]))
    said = [(seen.rc, seen.stdout) for seen in ours.values() if isinstance(seen, Observation)]
    assert sorted(said) == sorted((seen.rc, seen.stdout) for seen in theirs.values() if isinstance(seen, Observation))
    native_ones = [command for command, seen in ours.items() if isinstance(seen, Observation) and seen.native]
    assert sorted(native_ones) == sorted(commands[:3])


def test_systemd_is_asked_once_for_all_questions_of_a_batch() -> None:
    one, two = "systemctl show --property=Id,ActiveState a.service", "systemctl show --property=Id --value b.service"
    programs = native.programs([one, two])
    assert all("Id,ActiveState\x1fa.service b.service" in program for program in programs.values())


def test_a_file_that_grows_too_large_is_the_shells_to_answer(here: Dialogue, tmp_path: Path) -> None:
    (tmp_path / "large").write_bytes(b"x" * (1 << 20))
    ((_, seen),) = here.exchange([f"cat {tmp_path}/large"])
    assert isinstance(seen, Observation)
    assert (seen.native, len(seen.stdout)) == (False, 1 << 20)
