"""How the checks read the files of sshd and the way it is started: as sshd itself does."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from opsharden.errors import Unanswered
from opsharden.probe.reading import sshdfiles
from tests.unit.roles.kinds.sshd_samples import LINES, MAIN, Saying, written


def followed(files: Mapping[str, str]) -> list[tuple[str, str, str, tuple[str, ...]]]:
    lines = sshdfiles.Reading(Saying({}), written(files)).follow("/etc/ssh/sshd_config")
    return [(line.place.removeprefix("/etc/ssh/"), line.keyword, line.value, line.blocks) for line in lines]


@pytest.mark.parametrize(("line", "value"), LINES)
def test_a_line_is_read_as_sshd_reads_it(line: str, value: str | None) -> None:
    assert [each[2] for each in followed({MAIN: line})] == ([value] if value else [])


def test_includes_are_followed_as_sshd_follows_them() -> None:
    files = {
        MAIN: (
            "Include b.d/* nowhere\nMaxAuthTries 5\nMatch User bob\nInclude /etc/ssh/one\nMaxAuthTries 6\n"
            "Match all\nMaxAuthTries 7"
        ),
        "/etc/ssh/b.d/2": "MaxAuthTries 2",
        "/etc/ssh/b.d/1": "Match User al\nMaxAuthTries 1",
        "/etc/ssh/b.d/.hidden": "MaxAuthTries 0",
        "/etc/ssh/b.d/deep/3": "MaxAuthTries 3",
        "/etc/ssh/one": "Match Group x\nMaxAuthTries 8\nMatch all\nMaxAuthTries 9",
        "/etc/ssh/not.conf": "MaxAuthTries 99",
    }
    bob = "Match User bob"
    assert followed(files) == [
        ("b.d/1:2", "maxauthtries", "1", ("Match User al",)),
        ("b.d/2:1", "maxauthtries", "2", ()),
        ("sshd_config:2", "maxauthtries", "5", ()),
        ("one:2", "maxauthtries", "8", (bob, "Match Group x")),
        ("one:4", "maxauthtries", "9", (bob,)),
        ("sshd_config:5", "maxauthtries", "6", (bob,)),
        ("sshd_config:7", "maxauthtries", "7", ()),
    ]


READ = sshdfiles.READ.replace("%s", "/etc/default/ssh")
UNIT = """# /usr/lib/systemd/system/ssh.service
[Unit]
EnvironmentFile=/etc/not
[Service]
EnvironmentFile=-/etc/default/ssh
ExecStart=/usr/sbin/sshd -D $SSHD_OPTS
"""


@pytest.mark.parametrize(
    ("default", "main", "options"),
    [
        ("SSHD_OPTS=", MAIN, []),
        ("# SSHD_OPTS=-q", MAIN, []),
        ("SSHD_OPTS='-f /etc/ssh/other -o \"MaxAuthTries 9\"'", "/etc/ssh/other", ["MaxAuthTries 9"]),
        ('SSHD_OPTS="-4 -oCiphers=+aes256-cbc -u0"', MAIN, ["Ciphers=+aes256-cbc"]),
        ("SSHD_OPTS=-g30\nSSHD_OPTS=-q", MAIN, ["LogLevel=QUIET"]),
        ('SSHD_OPTS="-u0 -q', MAIN, ["LogLevel=QUIET"]),
        ("SSHD_OPTS=-q \"-o'", MAIN, ["LogLevel=QUIET", "'"]),
        ("SSHD_OPTS=\"-o 'MaxAuthTries 9", MAIN, ["MaxAuthTries 9"]),
        ('SSHD_OPTS="-o \\"MaxAuthTries 9\\""', MAIN, ["MaxAuthTries 9"]),
        ('X="\nSSHD_OPTS=-q\n"', MAIN, []),
        ("SSHD_OPTS='-q\n-g 30'", MAIN, ["LogLevel=QUIET", "LoginGraceTime=30"]),
        ('SSHD_OPTS="-u0 -q', MAIN, ["LogLevel=QUIET"]),
        ("SSHD_OPTS=-q \"-o'", MAIN, ["LogLevel=QUIET", "'"]),
        ("SSHD_OPTS=\"-o 'MaxAuthTries 9", MAIN, ["MaxAuthTries 9"]),
        ('SSHD_OPTS="-o \\"MaxAuthTries 9\\""', MAIN, ["MaxAuthTries 9"]),
        ('X="\nSSHD_OPTS=-q\n"', MAIN, []),
        ("SSHD_OPTS='-q\n-g 30'", MAIN, ["LogLevel=QUIET", "LoginGraceTime=30"]),
        ('SSHD_OPTS="; touch /tmp/x $(touch /tmp/y)"', MAIN, []),
    ],
)
def test_how_sshd_is_started_is_read_and_never_run(default: str, main: str, options: list[str]) -> None:
    host = Saying({"systemctl cat ssh.service": (0, UNIT, ""), READ: (0, default, "")})
    start = sshdfiles.started(host)
    assert (start.main, [option for option, _ in start.options]) == (main, options)
    assert host.asked == ["systemctl cat ssh.service", READ]


def test_what_sshd_reads_is_known_of_pipes_too() -> None:
    reading = sshdfiles.Reading(Saying({}), written({MAIN: "Include b.d/*.conf\nInclude one"}))
    list(reading.follow(MAIN))
    asked = (MAIN, "/etc/ssh/b.d/x.conf", "/etc/ssh/one", "/etc/ssh/b.d/x", "/etc/ssh/two")
    assert [reading.reads(path) for path in asked] == [True, True, True, False, False]


@pytest.mark.parametrize(
    ("answer", "no_files"), [((1, "", ""), ("/etc/default/ssh",)), ((1, "", "x: No such file"), ())]
)
def test_a_file_of_options_that_is_none_is_named(answer: tuple[int, str, str], no_files: tuple[str, ...]) -> None:
    host = Saying({"systemctl cat ssh.service": (0, UNIT, ""), READ: answer})
    assert sshdfiles.started(host).no_files == no_files


def test_a_unit_that_starts_something_else_is_no_answer() -> None:
    override = "# /etc/systemd/system/ssh.service.d/x.conf\n[Service]\nExecStart=\nExecStart=/bin/sh -c 'exec sshd'\n"
    with pytest.raises(Unanswered, match=r"starts /bin/sh .*x\.conf"):
        sshdfiles.started(Saying({"systemctl cat ssh.service": (0, UNIT + override, "")}))
