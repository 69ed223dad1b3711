"""Who holds a port, as the module reads it from the kernel's tables."""

from __future__ import annotations

import pytest

from tests.unit.roles.loading import module

PORT_FOR = module("monitoring", "port_for")


def test_an_address_of_proc_is_read_as_people_write_it() -> None:
    assert PORT_FOR.readable("0100007F", PORT_FOR.socket.AF_INET) in ("127.0.0.1", "1.0.0.127")


def test_who_holds_a_port_is_told_by_its_user_where_no_more_can_be_seen() -> None:
    assert PORT_FOR.name_of("0") == "root"
    assert PORT_FOR.name_of("4294967294") == "4294967294"


@pytest.mark.parametrize(
    ("held_by", "wanted", "meets"),
    [("0.0.0.0", "127.0.0.1", True), ("127.0.0.1", "", True), ("10.0.0.1", "127.0.0.1", False), ("::", "", True)],
)
def test_two_that_name_one_address_each_do_not_meet(held_by: str, wanted: str, meets: bool) -> None:
    assert PORT_FOR.in_the_way(held_by, wanted) is meets
