"""What the checks of sudo's settings come to."""

from __future__ import annotations

import pytest

from opsharden.model import Verdict
from tests.unit.judging import answers, judged


@pytest.mark.parametrize("control", ["sudo-pty", "sudo-log", "sudo-timeout"])
def test_without_sudo_its_settings_do_not_apply(control: str) -> None:
    finding = judged(control, answers(("test -e /usr/bin/sudo", 1, "")))
    assert (finding.verdict, finding.reason) == (Verdict.NOT_APPLICABLE, "sudo is not installed, so it has no settings")
