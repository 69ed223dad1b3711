"""What the checks of this folder look at: packages, and who needs them."""

import re

import pytest

from opsharden.model import Mismatch

# dpkg-query answers 1 where it does not know one of the packages, and passes over those that are named twice.
ROOM = 8
INSTALLED = (
    "dpkg-query --show --showformat='${Package} ${Status}\\n' %s %s %s %s %s %s %s %s 2>/dev/null || test $? -eq 1"
)
NEEDS = re.compile(r"^ (\S+?)(?::\w+)? (?:pre-)?depends on ", re.MULTILINE)


@pytest.fixture
def installed(host):
    """Of some packages, those that are there, even in part: name -> what is wanted of it (hold, ...), and its state."""

    def look(names):
        found = {}
        for start in range(0, len(names), ROOM):
            chunk = names[start : start + ROOM]
            answer = host.check_output(INSTALLED, *chunk, *chunk[:1] * (ROOM - len(chunk)))
            words = [line.split() for line in answer.splitlines()]
            found |= {line[0]: (line[1], line[3]) for line in words if line[3] not in ("not-installed", "config-files")}
        return found

    return look


@pytest.fixture
def undeclared(host, values, installed):
    """What is on the host of purposes that it does not declare."""

    def look(purposes):
        declared = values["services_declared"]
        declared = [word.strip() for word in declared.split(",")] if isinstance(declared, str) else declared
        looked_for = {purpose: packages for purpose, packages in purposes.items() if purpose not in declared}
        if not looked_for:
            pytest.skip(f"this host declares {', '.join(purposes)}")
        there = installed([name for packages in looked_for.values() for name in packages])
        return [
            Mismatch(f"{name} ({purpose})", "installed", "not installed", by_hand=_left(host, name, there, values))
            for purpose, packages in looked_for.items()
            for name in packages
            if name in there
        ]

    return look


def _left(host, name, there, values):
    """Why apply does not remove a package; empty where it does."""
    if there[name][0] == "hold":
        return f"{name} is on hold (apt-mark), so apply leaves it: `apt-mark unhold {name}` lets it go."
    goes = {*there, *values["services_may_remove"]}
    # dpkg only says what it would do.
    needed = sorted(set(NEEDS.findall(host.run("LC_ALL=C dpkg --no-act --remove %s", name).stderr)))
    if users := [user for user in needed if user not in goes]:
        others = ", ".join(users)
        return f"Removing {name} would take along {others}: remove that first, or name it in services_may_remove."
    return ""


@pytest.fixture
def lacking(installed):
    """Of packages that are to be there (`one | another`), those that nothing whole is there of."""

    def look(choices):
        there = installed([name for choice in choices for name in choice.split(" | ")])
        states = {choice: {name: there[name][1] for name in choice.split(" | ") if name in there} for choice in choices}
        return [
            Mismatch(
                choice.replace(" | ", " or "),
                ", ".join(f"{name} {state}" for name, state in found.items()) or "not installed",
                "installed",
            )
            for choice, found in states.items()
            if "installed" not in found.values()
        ]

    return look
