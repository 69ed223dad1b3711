"""What the check of sshd's files comes to."""

from __future__ import annotations

from opsharden.model import Verdict
from opsharden.probe.reading import sshdfiles
from tests.unit.judging import answers, judged


def test_without_a_server_its_files_do_not_matter() -> None:
    finding = judged(
        "ssh-files",
        answers(("test -e /usr/sbin/sshd", 1, ""), (sshdfiles.WRITTEN, 0, ""), ("systemctl cat ssh.service", 0, "")),
    )
    assert finding.verdict is Verdict.NOT_APPLICABLE
