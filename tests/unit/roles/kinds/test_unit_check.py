"""What the checks of units come to where no case can go: a pipe stops the systemd of the host that it is put on."""

from __future__ import annotations

from opsharden.model import Verdict
from tests.unit.judging import answers, judged
from tests.unit.roles.loading import module

CHECKS = module("kinds", "conftest", "checks/unit")
JOURNAL = "systemd-journald.service"


def test_systemd_is_not_asked_where_it_would_wait_at_a_pipe() -> None:
    pipe = "p644 /etc/systemd/system/systemd-journald.service\n"
    finding = judged("jrn-active", answers((CHECKS.FILES % JOURNAL, 1, pipe)))
    assert (finding.verdict, finding.reason) == (
        Verdict.ERROR,
        "/etc/systemd/system/systemd-journald.service is a pipe, and systemd would wait there for good: take it away.",
    )
