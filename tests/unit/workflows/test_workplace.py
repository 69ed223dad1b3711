from __future__ import annotations

import re
from pathlib import Path

import pytest

from opsharden import settings
from opsharden.errors import CatalogueError, InventoryError, VaultError
from opsharden.model import HostStatus
from opsharden.workflows.workplace import Access, Choice, Workplace, choose, choose_hosts, open_workplace


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def place(text: str, *extra: str, **flags: object) -> Workplace:
    Path("h.yml").write_text(text)
    return open_workplace(settings.load(flags={"inventory": ["h.yml"], **flags}), Access(extra=extra))


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


def test_one_hosts_fault_is_its_own_for_bootstrap_too() -> None:
    here = place("all: {hosts: {a: , b: {ansible_port: abc}, c: {ansible_connection: winrm}}}\n")
    hosts, left_out = choose_hosts(here, "all", None)
    assert [host.name for host in hosts] == ["a"]
    assert [(each.host, each.status) for each in left_out] == [
        ("b", HostStatus.UNREACHABLE),
        ("c", HostStatus.EXCLUDED),
    ]


def test_what_was_to_be_looked_at_is_kept_for_a_host_that_cannot_be() -> None:
    targets = choose(place("all: {hosts: {a: , b: {ansible_port: abc}}}\n"), Choice(controls=("ssh-grace",)))
    (lost,) = targets.excluded
    assert (lost.host, lost.controls) == ("b", ("ssh-grace",))
    assert lost.cause == "The host has the port 'abc', which is no number from 1 to 65535."


def test_vaulted_values_of_all_hosts_want_a_password() -> None:
    here = place("all: {vars: {ansible_password: !vault x}, hosts: {a: , b: }}\n")
    with pytest.raises(VaultError, match=r"is vaulted .*and 1 more hosts are left out"):
        choose(here, Choice())


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


def test_a_value_beyond_its_limit_is_refused_before_anything_runs(project: Path) -> None:
    text = "all: {hosts: {a: , b: {ssh_max_auth_tries: 0}, c: {ssh_max_startups: {start: 10, rate: 30, full: 6}}}}\n"
    targets = choose(place(text), Choice())
    assert list(targets.wanted) == ["a"]
    reasons = {each.host: each.reason for each in targets.excluded}
    assert re.match(
        r"The variable ssh_max_auth_tries of b \(.*h\.yml:1.*\) is 0; it has to be a whole number from 1 to 100\. ",
        reasons["b"],
    )
    assert "its full has to be a whole number from 1 to 10000, not below its start." in reasons["c"]
    with pytest.raises(InventoryError, match=r"^-e time_servers is \[\]; it has to be .* with one at least\.$"):
        place(text, "{time_servers: []}")
    (project / "profiles").mkdir()
    (project / "profiles" / "site.yml").write_text(
        "name: site\ntitle: T\ncontrols: [sudo-timeout]\nvalues: {sudo_timeout_minutes: -1}\n"
    )
    with pytest.raises(CatalogueError, match=r"profile site, sudo_timeout_minutes is -1; .* from 0 to 1440"):
        place(text, profile_dirs=["profiles"])
