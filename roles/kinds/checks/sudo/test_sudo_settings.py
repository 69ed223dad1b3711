"""sudo as it works for everyone and for some, all its files read."""

import pytest


@pytest.mark.kind("sudo")
def test_settings(amiss, want):
    mismatches = [each for option, wanted in want.items() for each in amiss(option, wanted)]
    assert mismatches == []
