"""Whether sudo is there."""

import pytest

from opsharden.model import Mismatch


@pytest.mark.control("sudo-installed", root=False)
def test_sudo_is_installed(host, values):
    name = values["sudo_package"]
    state = "installed" if host.package(name).is_installed else "not installed"
    assert ([] if state == "installed" else [Mismatch(f"package {name}", state, "installed")]) == []
