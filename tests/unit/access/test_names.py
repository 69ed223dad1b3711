import pytest

from opsharden.access import names
from opsharden.errors import UsageError


@pytest.mark.parametrize(
    "name", ["opsharden", "svc.ansible", "Ansible", "CORP\\ansible", "svc@corp.example", "a b", "$(x)"]
)
def test_names_that_some_host_may_have(name: str) -> None:
    names.check(name)


@pytest.mark.parametrize("name", ["", "ALL", "%sudo", "+ng", "#0", "0", "-x", "a:b", 'a"b', "a\nb", "a/b", " a", "a\\"])
def test_names_that_no_account_has_or_that_mean_something_else_to_sudo(name: str) -> None:
    with pytest.raises(UsageError, match="cannot be the name of an account"):
        names.check(name)


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("opsharden", "opsharden ALL=(ALL:ALL) NOPASSWD: ALL"),
        ("svc.ansible", '"svc.ansible" ALL=(ALL:ALL) NOPASSWD: ALL'),
        ("CORP\\ansible", '"CORP\\ansible" ALL=(ALL:ALL) NOPASSWD: ALL'),
        ("ANSIBLE", '"ANSIBLE" ALL=(ALL:ALL) NOPASSWD: ALL'),
    ],
)
def test_a_name_means_nothing_but_itself_in_a_rule(name: str, line: str) -> None:
    assert names.rule(name) == line


def test_each_account_has_a_file_of_its_own_that_sudo_reads() -> None:
    accounts = ["opsharden", "robot", "svc.ansible", "svc_ansible", "svc%2eansible", "CORP\\ansible", "a@b", "é", "x~"]
    files = [names.rule_file(account).removeprefix("/etc/sudoers.d/") for account in accounts]
    assert files[:3] == ["opsharden", "opsharden-robot", "opsharden-svc%2eansible"]
    assert len(set(files)) == len(files)
    assert not [file for file in files if set(file) & set("./~")]
