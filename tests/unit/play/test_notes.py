from __future__ import annotations

from typing import Any

import pytest

from opsharden.play.notes import noted

# apt-get's own words on Debian 12, asked to remove a package that another one depends on.
REMOVES = """Reading package lists...
The following packages were automatically installed and are no longer required:
  libfoo1
The following packages will be REMOVED:
  inetutils-telnet* netkit-admin*
  telnet*
0 upgraded, 0 newly installed, 3 to remove and 0 not upgraded.
"""


@pytest.mark.parametrize(
    ("result", "action", "said"),
    [
        ({"opsharden_note": "Locked anna."}, "opsharden_accounts", ["Locked anna."]),
        ({"opsharden_note": ["One.", "Two."]}, "opsharden_accounts", ["One.", "Two."]),
        ({"stdout": REMOVES}, "ansible.builtin.apt", ["Removed: inetutils-telnet, netkit-admin, telnet."]),
        ({"stdout": REMOVES}, "apt", ["Removed: inetutils-telnet, netkit-admin, telnet."]),
        ({"stdout": REMOVES}, "ansible.builtin.command", []),
        (
            {"results": [{"changed": True, "stdout": REMOVES}, {"changed": False, "opsharden_note": "not this"}]},
            "apt",
            ["Removed: inetutils-telnet, netkit-admin, telnet."],
        ),
        ({}, "apt", []),
    ],
)
def test_what_a_module_says_of_its_change(result: dict[str, Any], action: str, said: list[str]) -> None:
    assert list(noted(result, action)) == said
