"""Settings in the files of programs, all read in the order in which they count."""

import pytest


@pytest.mark.kind("setting", root=False)
def test_settings(amiss, want):
    mismatches = [each for name, settings in want.items() for each in amiss(name, settings)]
    assert mismatches == []
