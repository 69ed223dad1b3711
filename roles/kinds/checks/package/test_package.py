"""What is installed on a host, and what is not."""

import pytest

from opsharden.model import Mismatch


@pytest.mark.kind("package")
def test_packages(undeclared, installed, want):
    mismatches = undeclared(want["absent"]) if "absent" in want else []
    there = installed(want.get("present", []))
    mismatches += [
        Mismatch(name, "not installed", "installed") for name in want.get("present", []) if name not in there
    ]
    assert mismatches == []
