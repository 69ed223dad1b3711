"""What the roles ssh and sudo make of hosts' files: the odd ways of writing, each as the program itself reads them."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import FrozenInstanceError
from datetime import UTC, datetime
from importlib import util
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from opsharden.model import Observation, Verdict
from tests.field.cases import HOST
from tests.unit.content.test_cases import judged

ROLES = Path(__file__).parents[3] / "roles"


def load(path: str) -> ModuleType:
    name = f"content_{path.replace('/', '_').removesuffix('.py')}"
    spec = util.spec_from_file_location(name, ROLES / path)
    assert spec is not None
    assert spec.loader is not None
    module = util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


READING = load("ssh/checks/conftest.py")
SETTINGS = load("ssh/checks/settings/conftest.py")
CONFIG = load("ssh/module_utils/opsharden_sshd_config.py")
RULES = load("ssh/module_utils/opsharden_sshd_rules.py")
SUDO = load("sudo/library/sudoers_settings.py")


class Saying:
    """A host that gives the answers it was given."""

    def __init__(self, answers: Mapping[str, tuple[int, str, str]]) -> None:
        self._answers = answers
        self.asked: list[str] = []

    def run(self, command: str, *words: str) -> SimpleNamespace:
        self.asked.append(command % words if words else command)
        rc, stdout, stderr = self._answers.get(self.asked[-1], (1, "", f"{self.asked[-1]}: No such file or directory"))
        return SimpleNamespace(rc=rc, stdout=stdout, stderr=stderr)


def written(files: Mapping[str, str]) -> str:
    """Files as grep shows their lines."""
    return "".join(
        f"{path}:{number}:{line}\n"
        for path, text in files.items()
        for number, line in enumerate(text.splitlines(), start=1)
    )


def followed(files: Mapping[str, str]) -> list[tuple[str, str, str, tuple[str, ...]]]:
    lines = READING.Reading(Saying({}), written(files)).follow("/etc/ssh/sshd_config")
    return [(line.place.removeprefix("/etc/ssh/"), line.keyword, line.value, line.blocks) for line in lines]


MAIN = "/etc/ssh/sshd_config"


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("MaxAuthTries 3", "3"),
        ("\tmaxauthtries\t3\t", "3"),
        ("MaxAuthTries=3", "3"),
        ("MaxAuthTries = 3 # three", "3"),
        ('MaxAuthTries "3"', "3"),
        ('"MaxAuthTries" 3', "3"),
        ("MaxAuthTries 3\r", "3"),
        ("# MaxAuthTries 3", None),
        ("Banner '/etc/a b' # c", "/etc/a b"),
        ("Banner /etc/a#b", "/etc/a#b"),
    ],
)
def test_a_line_is_read_as_sshd_reads_it(line: str, value: str | None) -> None:
    found = followed({MAIN: line})
    assert [each[2] for each in found] == ([value] if value else [])
    keyword, words = CONFIG.split(line)
    assert (words[:1] if keyword else []) == ([value] if value else [])


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


def test_the_fix_follows_them_the_same_way(tmp_path: Path) -> None:
    files = {
        MAIN: "Include b.d/*\nMaxAuthTries 5\nMatch User bob\nInclude /etc/ssh/one\nMatch all\nMaxAuthTries 7",
        "/etc/ssh/b.d/2": "MaxAuthTries 2",
        "/etc/ssh/b.d/1": "Match User al\nMaxAuthTries 1",
        "/etc/ssh/one": "Match all\nMaxAuthTries 9",
    }
    config = CONFIG.Files(MAIN, files)
    assert [(line.words, line.conditional) for line in config.lines() if line.keyword == "maxauthtries"] == [
        (["1"], True),
        (["2"], False),
        (["5"], False),
        (["9"], True),
        (["7"], False),
    ]
    assert config.deciding("maxauthtries").words == ["7"], "what stands in a Match block beats what does not"
    staged = Path(config.stage(str(tmp_path))).read_text()
    main = files[MAIN].splitlines()
    assert staged.splitlines()[1:] == [*main[1:3], f"Include {tmp_path}/2", *main[4:]]
    assert (tmp_path / "2").read_text() == files["/etc/ssh/one"]


def settings(files: Mapping[str, str], effective: str, forced: Mapping[str, str] | None = None) -> Any:
    lines = READING.Reading(Saying({}), written(files)).follow(MAIN)
    return SETTINGS.Settings(SETTINGS._effective(effective), tuple(lines), forced or {}, MAIN)


def test_of_lines_for_the_same_users_the_first_counts() -> None:
    text = (
        "Match User bob\nMaxAuthTries 2\nMaxAuthTries 9\nMatch User bob\nMaxAuthTries 9\nMatch User al\nMaxAuthTries 8"
    )
    found = settings({MAIN: text}, "maxauthtries 3\n").amiss("MaxAuthTries", SETTINGS.Rules.from_to(0, 4))
    assert [(each.what, each.where) for each in found] == [("MaxAuthTries for Match User al", f"{MAIN}:7")]
    assert f"{MAIN}:7" in found[0].by_hand


def test_what_hosts_say_is_parsed_once_and_cannot_be_changed() -> None:
    one, other = settings({MAIN: ""}, "maxauthtries 3\n"), settings({MAIN: ""}, "maxauthtries 3\n")
    assert one.effective is other.effective
    with pytest.raises(TypeError):
        one.effective["maxauthtries"] = ("9",)
    with pytest.raises(FrozenInstanceError):
        one.main = "/etc/ssh/other"
    line = READING.Reading(Saying({}), written({MAIN: "MaxAuthTries 3"})).follow(MAIN)
    with pytest.raises(FrozenInstanceError):
        next(line).keyword = "other"


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
        ('SSHD_OPTS="; touch /tmp/x $(touch /tmp/y)"', MAIN, []),
    ],
)
def test_how_sshd_is_started_is_read_and_never_run(default: str, main: str, options: list[str]) -> None:
    host = Saying({"systemctl cat ssh.service": (0, UNIT, ""), "cat /etc/default/ssh": (0, default, "")})
    start = READING.started(host)
    assert (start.main, [option for option, _ in start.options]) == (main, options)
    assert host.asked == ["systemctl cat ssh.service", "cat /etc/default/ssh"]


def test_a_unit_that_starts_something_else_is_no_answer() -> None:
    override = "# /etc/systemd/system/ssh.service.d/x.conf\n[Service]\nExecStart=\nExecStart=/bin/sh -c 'exec sshd'\n"
    with pytest.raises(READING.Unanswered, match=r"starts /bin/sh .*x\.conf"):
        READING.started(Saying({"systemctl cat ssh.service": (0, UNIT + override, "")}))


@pytest.mark.parametrize(
    ("line", "kind", "who", "options"),
    [
        ("Defaults use_pty", "", "", {"use_pty": True}),
        (
            "Defaults:%ops, !al !use_pty, logfile=/var/log/a\\,b",
            ":",
            "%ops, !al",
            {"use_pty": False, "logfile": "/var/log/a,b"},
        ),
        ('Defaults>R timestamp_timeout=30, env_keep+="A B"', ">", "R", {"timestamp_timeout": "30", "env_keep": "A B"}),
        ("Defaults!/usr/bin/less !!use_pty", "!", "/usr/bin/less", {"use_pty": True}),
        ('Defaults@db1 logfile="/var/log/x y"', "@", "db1", {"logfile": "/var/log/x y"}),
        ("Defaults:ALL use_pty", "", "", {"use_pty": True}),
    ],
)
def test_a_line_of_defaults_is_read_with_its_binding(
    line: str, kind: str, who: str, options: dict[str, object]
) -> None:
    found = SUDO.statement(line)
    assert (found.kind, found.who, found.options) == (kind, who, options)


def test_what_is_stricter_for_some_is_said_again_behind_ours() -> None:
    timeout = SUDO.Setting("timestamp_timeout", "at_most", "15", default=15)
    rest = list(
        map(
            SUDO.statement,
            ("Defaults timestamp_timeout=60", "Defaults:OPS timestamp_timeout=0", "Defaults>x timestamp_timeout=90"),
        )
    )
    assert timeout.lines(rest, None) == ['Defaults timestamp_timeout="15"', 'Defaults:OPS timestamp_timeout="0"']
    assert not timeout.is_fine(rest)
    assert timeout.is_fine([*rest, *map(SUDO.statement, timeout.lines(rest, None))])


@pytest.mark.parametrize(
    ("now", "line"),
    [("10:30:100", "MaxStartups 10:30:60"), ("5:20:200", "MaxStartups 5:30:60"), ("3:90:50", "MaxStartups 3:90:50")],
)
def test_of_several_parts_each_stays_where_it_is_stricter(now: str, line: str) -> None:
    rule = RULES.Setting("MaxStartups", "startups", "10:30:60")
    assert rule.line({"maxstartups": [now]}, None) == line


def answers(*said: tuple[str, int, str]) -> list[Observation]:
    when = datetime(2000, 1, 1, tzinfo=UTC)
    return [Observation(HOST, command, rc, out.encode(), b"", when, 0.0) for command, rc, out in said]


@pytest.mark.parametrize("control", ["ssh-banner", "ssh-no-root", "ssh-max-sessions"])
def test_without_a_server_its_settings_do_not_apply(control: str) -> None:
    values = '{"ssh_banner_file": "/etc/issue.net", "ssh_max_sessions": 10, "ssh_max_startups": {}}'
    note = "# values that checks were given for this host"
    finding = judged(
        control,
        answers(
            (SETTINGS.EFFECTIVE, 0, ""),
            (READING.WRITTEN, 0, ""),
            ("systemctl cat ssh.service", 0, ""),
            (note, 0, values),
        ),
    )
    assert (finding.verdict, finding.reason) == (Verdict.NOT_APPLICABLE, "no SSH server is installed")


def test_without_a_server_its_files_do_not_matter() -> None:
    finding = judged(
        "ssh-files",
        answers(("test -e /usr/sbin/sshd", 1, ""), (READING.WRITTEN, 0, ""), ("systemctl cat ssh.service", 0, "")),
    )
    assert finding.verdict is Verdict.NOT_APPLICABLE


@pytest.mark.parametrize("control", ["sudo-pty", "sudo-log", "sudo-timeout"])
def test_without_sudo_its_settings_do_not_apply(control: str) -> None:
    finding = judged(control, answers(("test -e /usr/bin/sudo", 1, "")))
    assert (finding.verdict, finding.reason) == (Verdict.NOT_APPLICABLE, "sudo is not installed, so it has no settings")


@pytest.mark.parametrize("level", ["SILENT", "QUIET", "FATAL", "ERROR", "INFO"])
def test_every_quieter_level_as_sshd_calls_it_is_a_finding_and_no_riddle(level: str) -> None:
    rule = SETTINGS.Rules.at_least("VERBOSE")
    assert not rule.holds(level.lower())
    assert level in RULES.LEVELS
