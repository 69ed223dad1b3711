"""What the checks of sudo's settings come to."""

from __future__ import annotations

import pytest

from opsharden.model import Verdict
from tests.unit.judging import answers, judged
from tests.unit.roles.loading import module

CHECKS = module("kinds", "conftest", "checks/sudo")


@pytest.mark.parametrize("control", ["sudo-pty", "sudo-log", "sudo-timeout"])
def test_without_sudo_its_settings_do_not_apply(control: str) -> None:
    finding = judged(control, answers(("test -e /usr/bin/sudo", 1, "")))
    assert (finding.verdict, finding.reason) == (Verdict.NOT_APPLICABLE, "sudo is not installed, so it has no settings")


SUDOERS = "/etc/sudoers:1:Defaults use_pty\n/etc/sudoers:2:@include /srv/pipe\n"


def test_what_sudo_includes_and_is_no_file_is_a_finding_with_its_place() -> None:
    finding = judged(
        "sudo-pty",
        answers(
            ("test -e /usr/bin/sudo", 0, ""),
            (CHECKS.WRITTEN, 0, SUDOERS),
            (CHECKS.REFUSED, 0, ""),
            ("find -L /srv/pipe -type f -exec grep -HnE '^[[:space:]]*(Defaults|[@#]include)' {} +", 0, ""),
            (CHECKS.REFUSED_IN.replace("%s", "/srv/pipe"), 0, ""),
            ("find -L /srv/pipe -maxdepth 0 ! -type f -printf '%y'", 0, "p"),
        ),
    )
    assert (finding.verdict, finding.observed) == (Verdict.FAIL, "/srv/pipe: a pipe (/etc/sudoers:2)")
    assert "/etc/sudoers:2 includes /srv/pipe, which is a pipe" in finding.by_hand
