"""What no new host can show, out of what one answered: files keep the time of their last change to themselves."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from opsharden.model import Finding
from tests.field.cases import recordings, words
from tests.unit.judging import judged

(HELD,) = (
    each
    for each in recordings()
    if each.name.startswith("bkp-client-active: more often than declared")
    and each.name.endswith("(Debian 13)")
    and each.when == "before"
)


def with_(pattern: str, text: str) -> Finding:
    """The verdict where hosts answer this instead."""
    changed = [replace(seen, stdout=re.sub(pattern, text, seen.stdout.decode()).encode()) for seen in HELD.observations]
    assert changed != list(HELD.observations), "nothing was changed"
    return judged("bkp-client-active", changed)


@pytest.mark.parametrize(
    ("pattern", "text", "says"),
    [
        (r"(?m)^(\w{64}) \S+ fresh \w+$", r"\1 bkp-x fresh settled", "the host can still delete it"),
        (r"SubState=waiting", "SubState=elapsed", "Set backup_schedule"),
        (r"(?m)^(Id=opsharden-backup@run.service\n)LoadState=\w+", r"\1LoadState=masked", "run.service: masked"),
        (r"(?m)^(/usr/local/sbin/opsharden-backup) 755 root", r"\1 644 root", "opsharden-backup: 644 root"),
        (r"(?m)^(/etc/opsharden/backup/key) 600 root regular file", r"\1 644 root fifo", "put it away"),
        (r"(?m)^750 root$", "757 root", "757 root"),
        (r"(?m)^1$", "2", "keys in /etc/ssh/opsharden-backup/"),
    ],
)
def test_what_is_amiss_is_said(pattern: str, text: str, says: str) -> None:
    finding = with_(pattern, text)
    assert finding.verdict == "fail"
    assert says in words(finding)


def test_a_backup_that_is_new_may_still_be_its_hosts() -> None:
    assert with_(r"(?m)^(\w{64}) \S+ fresh \w+$", r"\1 bkp-x fresh new").verdict == "pass"
