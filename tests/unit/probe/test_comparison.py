from __future__ import annotations

import contextlib

from opsharden.model import Mismatch
from opsharden.probe import comparison


def test_mismatches_are_told_in_lines() -> None:
    mismatches = [
        Mismatch("PermitRootLogin for Match User backup", "yes", "no", "/etc/ssh/x.conf:3", "A Match block is yours."),
        Mismatch("PermitRootLogin", "yes", "no"),
    ]
    comparison.install()
    watched = comparison.watch()
    with contextlib.suppress(AssertionError):
        assert mismatches == []
    assert watched.observed == "PermitRootLogin for Match User backup: yes (/etc/ssh/x.conf:3)\nPermitRootLogin: yes"
    assert watched.expected == "PermitRootLogin for Match User backup: no\nPermitRootLogin: no"
    assert watched.by_hand == "A Match block is yours."
