"""What runs on a host, and starts with it."""

import pytest


@pytest.mark.kind("unit", root=False)
def test_units(not_running, not_off, not_single, want):
    looks = {"running": not_running, "off": not_off, "single": not_single}
    found = [looks[wanted["state"]](name, wanted) for name, wanted in want.items()]
    if all(each is None for each in found):
        names = [each for name, wanted in want.items() for each in (name, *wanted.get("or", ()))]
        pytest.skip(f"there is no {' and no '.join(names)}")
    assert [mismatch for each in found for mismatch in each or ()] == []
