"""Who can change files, and who can read them."""

import pytest


@pytest.mark.kind("access", root=False)
def test_access(too_open, want):
    assert too_open(want) == []
