"""The SSH server as it answers, not as one of its files says."""

import pytest


@pytest.mark.kind("sshd")
def test_settings(amiss, want):
    mismatches = [each for keyword, wanted in want.items() for each in amiss(keyword, wanted)]
    assert mismatches == []
