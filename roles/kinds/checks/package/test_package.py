"""What is installed on a host, and what is not."""

import pytest


@pytest.mark.kind("package")
def test_packages(undeclared, lacking, want):
    assert (undeclared(want["absent"]) if "absent" in want else lacking(want["present"])) == []
