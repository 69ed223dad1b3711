from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from opsharden.catalogue import Catalogue, load_catalogue
from opsharden.catalogue.roles import Role
from opsharden.model import Change, ChangeStatus
from opsharden.play import PlayOutcome, PlayStatus
from opsharden.workflows.batches import Batch, batches, left_over, role_order, whole_roles

CATALOGUE = load_catalogue()


def with_role(name: str, *controls: str) -> Catalogue:
    """The catalogue with a role of the user's."""
    made = tuple(replace(CATALOGUE.controls["ssh-grace"], id=control, role=name) for control in controls)
    role = Role(name, Path("/roles") / name, made, {}, {})
    return replace(
        CATALOGUE,
        roles={**CATALOGUE.roles, name: role},
        controls={**CATALOGUE.controls, **{each.id: each for each in made}},
    )


def failed(host: str, *roles: str) -> tuple[Change, ...]:
    return tuple(Change(host, role, "Breaks", ChangeStatus.FAILED, "no") for role in roles)


def test_hosts_with_different_needs_share_one_run_of_the_roles_that_any_of_them_needs() -> None:
    needs = {"web1": ("ssh-grace",), "db1": ("ssh-grace", "ban-texts"), "web2": ("ssh-loglevel",)}
    (batch,) = batches(needs, CATALOGUE, 10)
    assert (batch.needs, batch.roles) == (needs, ("banner", "kinds"))
    assert batch.tags == ("ssh-grace", "ban-texts", "ssh-loglevel")


def test_a_fleet_in_order_needs_no_run() -> None:
    assert batches({}, CATALOGUE, 10) == ()
    assert whole_roles(("web1",), CATALOGUE, 10) == ()


def test_no_run_has_more_hosts_than_it_may() -> None:
    needs = {f"web{number}": ("ssh-grace",) for number in range(5)}
    assert [len(batch.hosts) for batch in batches(needs, CATALOGUE, 2)] == [2, 2, 1]


def test_hosts_share_the_run_of_a_users_role_only_where_they_need_the_same_of_it() -> None:
    catalogue = with_role("theirs", "own-a", "own-b")
    needs = {"web1": ("own-a",), "web2": ("ssh-grace", "own-b"), "web3": ("own-a", "ssh-grace")}
    found = batches(needs, catalogue, 10)
    assert [(batch.hosts, batch.roles) for batch in found] == [
        (("web1", "web3"), ("kinds", "theirs")),
        (("web2",), ("kinds", "theirs")),
    ]


def test_a_control_of_plain_tests_has_no_fix() -> None:
    own = replace(CATALOGUE.controls["ssh-grace"], id="own-web-up", role="checks")
    catalogue = replace(CATALOGUE, controls={**CATALOGUE.controls, own.id: own})
    assert batches({"web1": ("own-web-up",)}, catalogue, 10) == ()


def test_a_role_without_controls_runs_whole_and_last_on_every_host_that_was_reached() -> None:
    catalogue = with_role("greeting")
    (batch,) = whole_roles(("web1", "web2"), catalogue, 10)
    assert (batch.hosts, batch.roles, batch.tags) == (("web1", "web2"), ("greeting",), ())
    assert role_order(catalogue)[-1] == "greeting"


BATCH = Batch(
    {"a": ("usr-shadowed", "acc-umask", "ssh-grace", "ssh-idle"), "b": ("acc-umask",), "c": ("ssh-grace",)},
    ("accounts", "kinds"),
)


def test_the_other_controls_of_a_role_that_failed_are_brought_about_one_by_one() -> None:
    outcome = PlayOutcome(PlayStatus.COMPLETE, failed("a", "accounts"), failed=("a",))
    assert left_over(BATCH, outcome, CATALOGUE) == (
        Batch({"a": ("usr-shadowed", "acc-umask")}, ("accounts",), singly=True),
    )


def test_those_that_are_data_were_tried_one_by_one_already() -> None:
    outcome = PlayOutcome(PlayStatus.COMPLETE, failed("a", "kinds"), failed=("a",))
    assert left_over(BATCH, outcome, CATALOGUE) == ()


def test_a_single_control_that_failed_stood_in_no_other_ones_way() -> None:
    outcome = PlayOutcome(PlayStatus.COMPLETE, failed("b", "accounts"), failed=("b",))
    assert left_over(BATCH, outcome, CATALOGUE) == ()


def test_roles_whose_turn_never_came_are_left_over_too() -> None:
    outcome = PlayOutcome(PlayStatus.COMPLETE, failed("a", "accounts"), failed=("a",), ended=("a",))
    (batch,) = left_over(BATCH, outcome, CATALOGUE)
    assert batch.needs == {"a": ("usr-shadowed", "acc-umask", "ssh-grace", "ssh-idle")}


def test_a_host_that_was_lost_or_hangs_is_left_alone() -> None:
    changes = failed("a", "accounts")
    lost = PlayOutcome(PlayStatus.COMPLETE, changes, failed=("a",), unreachable=("a",))
    hangs = PlayOutcome(PlayStatus.COMPLETE, changes, failed=("a",), timed_out=("a",))
    assert left_over(BATCH, lost, CATALOGUE) == left_over(BATCH, hangs, CATALOGUE) == ()


def test_controls_of_a_users_role_are_left_over_as_a_run_each() -> None:
    catalogue = with_role("theirs", "own-a", "own-b")
    batch = Batch({"a": ("own-a", "own-b")}, ("theirs",))
    outcome = PlayOutcome(PlayStatus.COMPLETE, failed("a", "theirs"), failed=("a",))
    assert left_over(batch, outcome, catalogue) == (
        Batch({"a": ("own-a",)}, ("theirs",)),
        Batch({"a": ("own-b",)}, ("theirs",)),
    )


def test_a_batch_less_some_controls_has_no_role_and_no_host_that_needs_nothing() -> None:
    batch = Batch(
        {"a": ("ssh-grace", "bkp-fresh"), "b": ("bkp-fresh",), "c": ("bkp-fresh",)}, ("backup", "kinds"), True
    )
    left = batch.less({"a": ("bkp-fresh",), "b": ("bkp-fresh",)}, CATALOGUE)
    assert left == Batch({"a": ("ssh-grace",), "c": ("bkp-fresh",)}, ("backup", "kinds"), True)
    assert left.less({"c": ("bkp-fresh",)}, CATALOGUE) == Batch({"a": ("ssh-grace",)}, ("kinds",), True)
