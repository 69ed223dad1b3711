"""Settings of the running kernel, on every interface, and of the next boot."""

import pytest


@pytest.mark.kind("sysctl", root=False)
def test_settings(astray, want):
    mismatches = [each for key, wanted in want.items() for each in astray(key, **wanted)]
    assert list(dict.fromkeys(mismatches)) == []
