"""The account's script on real hosts, one without python3, as it meets them: bare, ready, and bent."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from opsharden.access import keys
from opsharden.errors import HostError, UsageError

NAME = "robot"
HOME = f"/home/{NAME}"
RULE = "/etc/sudoers.d/opsharden-robot"


@pytest.fixture(params=["deb12-1", "deb13-1"])
def site(request: pytest.FixtureRequest, sites: dict[str, Any]) -> Any:
    return sites[request.param]


@pytest.fixture
def ready(site: Any) -> Any:
    """A host that is ready, whatever the tests before did to it."""
    site.prepare()
    return site


def test_a_bare_host_becomes_ready(site: Any) -> None:
    site.exec("! command -v python3")
    changed = site.prepare()
    assert [text.split()[0] for text in changed] == ["installed", "made", "put", "let"]
    site.exec("python3 -c 'import apt'")
    assert site.exec(f"passwd --status {NAME}").split()[1] == "L"
    assert site.exec(f"stat -c '%a %U' {HOME}/.ssh {HOME}/.ssh/authorized_keys {RULE}").splitlines() == [
        f"700 {NAME}",
        f"600 {NAME}",
        "440 root",
    ]
    site.prove()


def test_a_second_run_changes_nothing(ready: Any) -> None:
    before = ready.exec(f"stat -c '%Y %i' {HOME}/.ssh/authorized_keys {RULE}")
    assert ready.prepare() == ()
    assert ready.exec(f"stat -c '%Y %i' {HOME}/.ssh/authorized_keys {RULE}") == before
    assert ready.exec("ls /tmp /etc/sudoers.d").count("new") == 0


def test_keys_that_are_there_stay_even_behind_a_line_without_an_end(ready: Any) -> None:
    ready.exec(f"printf '# ours\\nssh-ed25519 AAAAsomebody else' > {HOME}/.ssh/authorized_keys")
    assert ready.prepare() == (f"put the key into {HOME}/.ssh/authorized_keys",)
    lines = ready.exec(f"cat {HOME}/.ssh/authorized_keys").splitlines()
    assert lines == ["# ours", "ssh-ed25519 AAAAsomebody else", keys.public_key(ready.key)]
    ready.prove()


def test_a_key_that_sshd_passes_over_for_its_owner_or_mode_is_mended(ready: Any) -> None:
    ready.exec(f"chown root: {HOME}/.ssh/authorized_keys; chmod 777 {HOME}/.ssh")
    with pytest.raises(HostError, match="refused the login"):
        ready.prove()
    assert len(ready.prepare()) == 2
    ready.prove()
    assert ready.prepare() == ()


def test_a_rule_that_anybody_could_write_is_mended(ready: Any) -> None:
    ready.exec(f"chmod 666 {RULE}")
    assert ready.prepare() == (f"set owner and mode of {RULE}",)
    ready.prove()


def test_rules_of_sudo_that_are_broken_already_are_left_alone(ready: Any) -> None:
    ready.exec(f"rm {RULE}; echo 'nonsense here' > /etc/sudoers.d/broken")
    try:
        assert "sudo's rules are broken already" in ready.refusal()
        assert ready.exec("ls /etc/sudoers.d").split() == ["README", "broken"]
    finally:
        ready.exec("rm /etc/sudoers.d/broken")
    assert ready.prepare() == (f"let {NAME} use sudo",)


def test_a_host_on_which_the_account_works_without_pam(ready: Any) -> None:
    ready.exec(
        "echo 'UsePAM no' > /etc/ssh/sshd_config.d/00-test.conf; systemctl reset-failed ssh; systemctl restart ssh"
    )
    try:
        ready.prove()
    finally:
        ready.exec("rm /etc/ssh/sshd_config.d/00-test.conf; systemctl reset-failed ssh; systemctl restart ssh")


def test_apt_that_has_no_source_says_what_is_missing(ready: Any) -> None:
    ready.exec("mv /etc/apt /etc/apt.away; mkdir /etc/apt; rm -rf /var/lib/apt/lists; dpkg --purge python3-apt")
    try:
        said = ready.refusal()
        assert "apt-get cannot install python3-apt" in said
        assert "E: " in said
    finally:
        ready.exec("rm -rf /etc/apt; mv /etc/apt.away /etc/apt")
    assert ready.prepare() == ("installed python3-apt",)


def test_apt_at_work_already_is_waited_for(ready: Any) -> None:
    ready.exec("dpkg --purge python3-apt")
    ready.exec(
        'setsid python3 -c \'import fcntl, os, time; f = open("/var/lib/apt/lists/lock", "w");'
        'fcntl.lockf(f, fcntl.LOCK_EX); open("/run/held", "w"); time.sleep(10)\' </dev/null >/dev/null 2>&1 &'
        "while [ ! -e /run/held ]; do sleep 0.1; done; rm /run/held"
    )
    assert ready.prepare() == ("installed python3-apt",)


@pytest.mark.parametrize("name", ["a b", "$(reboot)", "svc.ansible", "Ansible"])
def test_names_that_useradd_does_not_take_are_for_accounts_that_are_there(sites: dict[str, Any], name: str) -> None:
    with pytest.raises(HostError, match="useradd makes none of that name"):
        sites["deb12-1"].prepare(name)


@pytest.mark.parametrize("name", ["ALL", "%sudo", "+ng", "#0", "0", "-x", "a:b", 'a"b', "a\n", ""])
def test_names_that_mean_something_else_to_sudo_or_a_shell_are_refused(sites: dict[str, Any], name: str) -> None:
    with pytest.raises(UsageError, match="cannot be the name of an account"):
        sites["deb12-1"].prepare(name)


def test_no_root_is_said(sites: dict[str, Any]) -> None:
    here = sites["deb12-1"]
    assert "is not root" in replace(here, host=replace(here.host, become=False)).refusal()
