from pathlib import Path

import pytest

from opsharden.errors import Unreachable
from opsharden.model import Host
from opsharden.workflows.login import automation_user, with_account

KEY = Path("/project/keys/automation")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of our own, so that nobody's ssh_config is read."""
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".ssh").mkdir()
    return tmp_path


def test_whom_the_inventory_names_it_is() -> None:
    host = Host("web1", "192.0.2.1", user="svc")
    assert with_account(host, KEY) == host
    assert automation_user(host) == "svc"


def test_whom_the_arguments_or_ssh_config_name_comes_next(home: Path) -> None:
    argued = Host("web1", "192.0.2.1", ssh_args="-o User=deploy")
    assert with_account(argued, KEY) == argued
    assert automation_user(argued) == "deploy"
    (home / ".ssh" / "config").write_text("Host 192.0.2.1\n User anna\n")
    configured = Host("web1", "192.0.2.1")
    assert with_account(configured, KEY) == configured
    assert automation_user(configured) == "anna"
    assert with_account(Host("web2", "192.0.2.2"), KEY).user == "opsharden", "that was for another"


def test_where_nobody_is_named_a_projects_key_goes_with_its_account() -> None:
    found = with_account(Host("web1", "192.0.2.1"), KEY)
    assert (found.user, found.key_file) == ("opsharden", KEY)
    own = with_account(Host("web1", "192.0.2.1", key_file=Path("/my/key")), KEY)
    assert (own.user, own.key_file) == ("opsharden", Path("/my/key"))
    assert automation_user(found) == "opsharden"


def test_without_a_project_it_is_left_to_ssh_and_nothing_is_made() -> None:
    host = Host("web1", "192.0.2.1")
    assert with_account(host, None) == host
    with pytest.raises(Unreachable, match="Nothing says whom web1 is to be logged in to as"):
        automation_user(host)


def test_this_machine_needs_no_account() -> None:
    host = Host("localhost", "localhost", connection="local")
    assert with_account(host, KEY) == host


def test_an_ssh_config_that_only_ssh_can_read_is_left_to_it(home: Path) -> None:
    (home / ".ssh" / "config").write_text("Match exec true\n User anna\n")
    host = Host("web1", "192.0.2.1")
    assert with_account(host, KEY) == host
    with pytest.raises(Unreachable, match="Match exec"):
        automation_user(host)
