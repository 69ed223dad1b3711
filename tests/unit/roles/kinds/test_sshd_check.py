"""What the checks of sshd's settings come to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import FrozenInstanceError
from typing import Any

import pytest

from opsharden.errors import Unanswered
from opsharden.model import Verdict
from opsharden.probe.reading import sshdfiles
from opsharden.probe.reading.sshd import EFFECTIVE
from tests.unit.judging import answers, judged
from tests.unit.roles.kinds.sshd_samples import MAIN, Saying, written
from tests.unit.roles.loading import module

SETTINGS = module("kinds", "conftest", "checks/sshd")


def settings(files: Mapping[str, str], effective: str, forced: Mapping[str, str] | None = None) -> Any:
    lines = sshdfiles.Reading(Saying({}), written(files)).follow(MAIN)
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
    line = sshdfiles.Reading(Saying({}), written({MAIN: "MaxAuthTries 3"})).follow(MAIN)
    with pytest.raises(FrozenInstanceError):
        next(line).keyword = "other"  # type: ignore[misc] # that it is refused is what is tested


def test_a_setting_that_sshd_does_not_know_is_named() -> None:
    with pytest.raises(Unanswered, match="sshd shows no setting MaxAuthTry"):
        settings({MAIN: ""}, "maxauthtries 3\n").amiss("MaxAuthTry", SETTINGS.Rules.from_to(0, 4))


@pytest.mark.parametrize("control", ["ssh-banner", "ssh-no-root", "ssh-max-sessions"])
def test_without_a_server_its_settings_do_not_apply(control: str) -> None:
    values = '{"ssh_banner_file": "/etc/issue.net", "ssh_max_sessions": 10, "ssh_max_startups": {}}'
    note = "# values that checks were given for this host"
    finding = judged(
        control,
        answers(
            (EFFECTIVE, 1, ""),
            ("test ! -x /usr/sbin/sshd || /usr/sbin/sshd -T", 0, ""),
            (sshdfiles.WRITTEN, 0, ""),
            ("systemctl cat ssh.service", 0, ""),
            (note, 0, values),
        ),
    )
    assert (finding.verdict, finding.reason) == (Verdict.NOT_APPLICABLE, "no SSH server is installed")


@pytest.mark.parametrize("level", ["SILENT", "QUIET", "FATAL", "ERROR", "INFO"])
def test_every_quieter_level_as_sshd_calls_it_is_a_finding_and_no_riddle(level: str) -> None:
    rule = SETTINGS.Rules.at_least("VERBOSE")
    assert not rule.holds(level.lower())


@pytest.mark.parametrize(
    ("wanted", "keyword", "found", "holds"),
    [
        ({"exactly": "no"}, "PermitRootLogin", "NO", True),
        ({"at_most": 4}, "MaxAuthTries", "0", True),
        ({"at_most": "4"}, "MaxAuthTries", "5", False),
        ({"at_least": 1, "at_most": 60}, "LoginGraceTime", "0", False),
        ({"at_least": "VERBOSE"}, "LogLevel", "INFO", False),
        ({"none_of": ["*cbc*"]}, "Ciphers", "aes256-cbc,x", False),
        ({"none_of": "*cbc*,*rc4*"}, "Ciphers", "aes256-gcm", True),
        ({"startups": {"start": 10, "rate": 30, "full": 60}}, "MaxStartups", "10:30:60", True),
        ({"startups": {"start": 10, "rate": 30, "full": 60}}, "MaxStartups", "10:20:60", False),
    ],
)
def test_module_and_check_mean_the_same_by_what_a_control_wants(
    wanted: dict[str, Any], keyword: str, found: str, holds: bool
) -> None:
    assert SETTINGS.Rules.of(keyword, wanted).holds(found) is holds
    (setting,) = module("kinds", "opsharden_sshd_rules", "module_utils").settings_of([{keyword: wanted}])
    assert setting.holds({keyword.lower(): [found]}) is holds
