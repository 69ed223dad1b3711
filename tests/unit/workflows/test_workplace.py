from __future__ import annotations

from pathlib import Path

import pytest

from opsharden.errors import CatalogueError, InventoryError
from opsharden.workflows.targets import Choice, choose
from tests.unit.workflows.projects import place

pytestmark = pytest.mark.usefixtures("project")


def test_a_test_of_the_users_shows_in_the_digest_whatever_it_is_called(project: Path) -> None:
    (project / "checks").mkdir()
    check = project / "checks" / "test_a.py"
    digests = set()
    for verdict in ("True", "False"):
        check.write_text(
            f"import pytest\n\n\n@pytest.mark.control('ssh-grace')\ndef test_it(host):\n    assert {verdict}\n"
        )
        digests.add(place("all: {hosts: {a: }}\n", checks=["checks"]).catalogue.digest)
    assert len(digests) == 2
    assert place("all: {hosts: {a: }}\n").catalogue.digest not in digests


def test_profiles_may_be_one_text(project: Path) -> None:
    here = place("all: {hosts: {a: {opsharden_profiles: baseline-1}}}\n")
    assert here.profiles("a") == ("baseline-1",)


def test_values_of_a_profile_are_held_to_the_options_too(project: Path) -> None:
    (project / "profiles").mkdir()
    profile = project / "profiles" / "site.yml"
    profile.write_text("name: site\ntitle: T\ncontrols: [ssh-grace]\nvalues: {ssh_login_grace_seconds: '30'}\n")
    flags = {"profile_dirs": ["profiles"], "profiles": ["site"]}
    assert place("all: {hosts: {a: }}\n", **flags).values("a")["ssh_login_grace_seconds"] == 30
    profile.write_text(profile.read_text().replace("'30'", "soon"))
    with pytest.raises(CatalogueError, match='profile site, ssh_login_grace_seconds is "soon"'):
        place("all: {hosts: {a: }}\n", **flags)


def test_a_role_of_the_users_is_held_to_its_options(project: Path) -> None:
    role = project / "roles" / "owner"
    for name in ("tasks", "meta"):
        (role / name).mkdir(parents=True)
    (role / "tasks" / "main.yml").write_text("[]\n")
    (role / "controls.yml").write_text("- {id: own-named, title: T, why: W, severity: low}\n")
    (role / "meta" / "main.yml").write_text(
        "argument_specs: {main: {options: {owner_name: {type: str, required: true}, owner_age: {type: int}}}}\n"
    )
    text = "all: {hosts: {a: {owner_name: x, owner_age: '7'}, b: {}, c: {owner_name: x, owner_age: old}}}\n"
    here = place(text, roles=["roles"])
    targets = choose(here, Choice())
    assert list(targets.wanted) == ["a"]
    assert here.typed("a")["owner_age"] == 7
    reasons = {each.host: each.reason for each in targets.excluded}
    assert "owner_name of b is not set, and the role owner needs it" in reasons["b"]
    assert "owner_age of c (" in reasons["c"]
    with pytest.raises(InventoryError, match='-e owner_age is "old"'):
        place(text, "owner_age=old", roles=["roles"])
