"""How the one module for packages reads what dpkg and apt say."""

from __future__ import annotations

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
