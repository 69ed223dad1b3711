"""How the one module for packages reads what dpkg and apt say."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from tests.unit.roles.loading import module

PACKAGES = module("kinds", "debian_packages")

DPKG = """\
dpkg: dependency problems prevent removal of libfoo:amd64:
 bar depends on libfoo.
 baz:i386 pre-depends on libfoo (>= 2); however:
  Package libfoo is to be removed.
 dummy depends on telnet-client; however:
  Package telnet-client is not installed.

dpkg: error processing package libfoo:amd64 (--remove):
 dependency problems - not removing
"""


def test_who_needs_a_package_is_read_from_dpkg() -> None:
    assert PACKAGES.needs(DPKG) == {"libfoo": {"bar", "baz", "dummy"}}


def test_what_would_be_downgraded_is_read_from_apt() -> None:
    said = "The following packages will be DOWNGRADED:\n  one two\n  three\n0 upgraded\n"
    assert PACKAGES.listed(said, "DOWNGRADED") == {"one", "two", "three"}


def test_of_many_errors_the_first_says_why() -> None:
    said = "Reading...\nE: Unable to locate package x\nE: and more\n"
    assert PACKAGES.last_words(said) == "E: Unable to locate package x"


@pytest.mark.parametrize(
    ("there", "missing"),
    [
        ({}, ["aide", "sudo"]),
        ({"aide": "installed", "sudo-ldap": "installed"}, []),
        ({"sudo": "installed", "sudo-ldap": "unpacked"}, ["aide"]),
        ({"aide": "half-configured", "sudo-ldap": "unpacked"}, ["aide", "sudo-ldap"]),
    ],
)
def test_of_packages_that_do_the_same_one_is_enough(there: dict[str, str], missing: list[str]) -> None:
    """Of those that are there in part, that one is set up: another would be in its way."""

    def run(command: list[str], **_: object) -> tuple[int, str, str]:
        form = command[command.index("-f") + 1]
        shown = {"${Package} ${db:Status-Status}\\n": "{} {}\n", "${Package} ${db:Status-Want} ": "{} install {}\n"}
        (line,) = (line for start, line in shown.items() if form.startswith(start))
        return 1, "".join(line.format(*each) for each in there.items()), "no packages found matching others"

    params = {"name": ["sudo | sudo-ldap", "aide"], "may_remove": []}
    packages = PACKAGES.Packages(SimpleNamespace(params=params, run_command=run))
    assert packages._missing() == missing
