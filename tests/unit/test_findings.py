from __future__ import annotations

from array import array

from opsharden.findings import Findings, Sheet, hosts_of, in_order
from opsharden.model import Finding, Verdict

SAID = (
    Finding("", "b", Verdict.FAIL, "1", "2", "why", ("digest",), by_hand="yours", by_apply=False),
    Finding("", "a", Verdict.PASS),
)
FOUND = Findings([Sheet("web2", SAID, array("d", [0.5, 0.25])), Sheet("web1", SAID[:1], array("d", [1.0]))])


def test_each_is_its_hosts_and_has_its_own_time() -> None:
    assert tuple(FOUND) == (
        Finding("web2", "b", Verdict.FAIL, "1", "2", "why", ("digest",), 0.5, "yours", False),
        Finding("web2", "a", Verdict.PASS, seconds=0.25),
        Finding("web1", "b", Verdict.FAIL, "1", "2", "why", ("digest",), 1.0, "yours", False),
    )


def test_it_is_a_sequence_like_any_other() -> None:
    plain = tuple(FOUND)
    assert (len(FOUND), FOUND[0], FOUND[-1], FOUND[1:]) == (3, plain[0], plain[2], plain[1:])
    assert plain == FOUND
    assert hash(FOUND) == hash(plain)
    assert Findings([]) != plain


def test_in_order_it_is_by_host_and_control_whatever_it_is_kept_in() -> None:
    wanted = [("web1", "b"), ("web2", "a"), ("web2", "b")]
    assert [(each.host, each.control) for each in in_order(FOUND)] == wanted
    assert [(each.host, each.control) for each in in_order(tuple(FOUND))] == wanted
    assert hosts_of(FOUND) == hosts_of(tuple(FOUND)) == {"web1", "web2"}
