"""The modules of the roles, by what their parts come to on files like those of hosts."""

from __future__ import annotations

import importlib.util
from types import ModuleType

import pytest

from opsharden.catalogue import roles_path


def module(role: str, name: str, folder: str = "library") -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, roles_path() / role / folder / f"{name}.py")
    assert spec and spec.loader
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


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
    assert module("services", "debian_packages").needs(DPKG) == {"libfoo": {"bar", "baz", "dummy"}}


def test_what_would_be_downgraded_is_read_from_apt() -> None:
    said = "The following packages will be DOWNGRADED:\n  one two\n  three\n0 upgraded\n"
    assert module("services", "debian_packages").listed(said, "DOWNGRADED") == {"one", "two", "three"}


def test_of_many_errors_the_first_says_why() -> None:
    said = "Reading...\nE: Unable to locate package x\nE: and more\n"
    assert module("services", "debian_packages").last_words(said) == "E: Unable to locate package x"


def test_an_address_of_proc_is_read_as_people_write_it() -> None:
    port_for = module("monitoring", "port_for")
    assert port_for.readable("0100007F", port_for.socket.AF_INET) in ("127.0.0.1", "1.0.0.127")


def test_who_holds_a_port_is_told_by_its_user_where_no_more_can_be_seen() -> None:
    port_for = module("monitoring", "port_for")
    assert port_for.name_of("0") == "root"
    assert port_for.name_of("4294967294") == "4294967294"


@pytest.mark.parametrize(
    ("held_by", "wanted", "meets"),
    [("0.0.0.0", "127.0.0.1", True), ("127.0.0.1", "", True), ("10.0.0.1", "127.0.0.1", False), ("::", "", True)],
)
def test_two_that_name_one_address_each_do_not_meet(held_by: str, wanted: str, meets: bool) -> None:
    assert module("monitoring", "port_for").in_the_way(held_by, wanted) is meets
