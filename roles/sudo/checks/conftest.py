"""What the checks of this folder look at."""

import json

import pytest

# Files that sudo passes over, as sudoers(5) says, while cvtsudoers reads them.
REFUSED = r"find /etc/sudoers /etc/sudoers.d -type f \( ! -user root -o -perm -002 -o -perm -020 ! -group root \)"


@pytest.fixture
def settings(host):
    """Each setting of sudoers(5) by whom it holds for, all files read: the last word for everyone, and all exceptions.

    An exception counts wherever it stands: settings for a target user or a command always beat those for everyone.
    """
    refused = host.check_output(REFUSED).splitlines()
    assert refused == []
    entries = json.loads(host.check_output("cvtsudoers -e -f json -s aliases,privileges /etc/sudoers"))["Defaults"]

    def look(name, default="not set"):
        found = {"everyone": default}
        for entry in entries:
            who = ", ".join(str(value) for binding in entry.get("Binding", ()) for value in binding.values())
            for option in entry["Options"]:
                if name in option:
                    found[who or "everyone"] = option[name]
        return found

    return look
