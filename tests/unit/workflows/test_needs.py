from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from opsharden.catalogue import load_catalogue
from opsharden.catalogue.roles import Role
from opsharden.workflows.needs import batches, role_order

CATALOGUE = load_catalogue()
REACHED = {"web1": ("ssh-grace",), "web2": ("ssh-grace",), "db1": ("ssh-grace", "ban-texts")}


def test_hosts_with_the_same_need_share_one_run_and_only_its_roles() -> None:
    found = batches(
        {"web1": ("ssh-grace",), "db1": ("ssh-grace", "ban-texts"), "web2": ("ssh-grace",)}, REACHED, CATALOGUE
    )
    assert [(batch.hosts, batch.roles, batch.tags) for batch in found] == [
        (("web1", "web2"), ("ssh",), ("ssh-grace",)),
        (("db1",), ("banner", "ssh"), ("ssh-grace", "ban-texts")),
    ]


def test_a_fleet_in_order_needs_no_run() -> None:
    assert batches({}, REACHED, CATALOGUE) == ()


def test_a_control_of_plain_tests_has_no_fix() -> None:
    own = replace(CATALOGUE.controls["ssh-grace"], id="own-web-up", role="checks")
    catalogue = replace(CATALOGUE, controls={**CATALOGUE.controls, own.id: own})
    assert batches({"web1": ("own-web-up",)}, REACHED, catalogue) == ()


def test_a_role_without_controls_runs_whole_and_last_on_every_host_that_was_reached() -> None:
    plain = Role("greeting", Path("/roles/greeting"), (), {}, {})
    catalogue = replace(CATALOGUE, roles={**CATALOGUE.roles, "greeting": plain})
    (batch,) = batches({}, REACHED, catalogue)
    assert (batch.hosts, batch.roles, batch.tags) == (("web1", "web2", "db1"), ("greeting",), ())
    assert role_order(catalogue)[-1] == "greeting"
