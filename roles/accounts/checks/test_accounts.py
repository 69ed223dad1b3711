"""Login sessions as they begin, and where passwords lie. No observation holds a hash: the commands print names only."""

import pytest


def login_defs(host):
    """The settings of login.defs(5); the last word counts."""
    lines = host.check_output("cat /etc/login.defs").splitlines()
    return dict(line.split()[:2] for line in lines if len(line.split()) > 1 and not line.lstrip().startswith("#"))


@pytest.mark.control("acc-umask")
def test_new_files_are_closed(host, login_shells, values):
    masks = {f"login shell of {who}": mask for who, (mask, *_) in login_shells.items()}
    masks["/etc/login.defs"] = login_defs(host).get("UMASK", "not set")
    required = int(values["accounts_umask"], 8)
    lax = {where: mask for where, mask in masks.items() if mask == "not set" or int(mask, 8) & required != required}
    assert lax == dict.fromkeys(lax, f"{values['accounts_umask']} or stricter")


@pytest.mark.control("acc-shell-timeout")
def test_silent_shells_end(login_shells, values):
    limit = values["accounts_shell_timeout_seconds"]
    endless = {
        who: f"{timeout}, {change}"
        for who, (_, timeout, change) in login_shells.items()
        if timeout == "none" or not 0 < int(timeout) <= limit or change != "read-only"
    }
    assert endless == dict.fromkeys(endless, f"1 to {limit}, read-only")


@pytest.mark.control("usr-shadowed", root=False)
def test_hashes_are_in_the_shadow_file(host):
    unshadowed = host.check_output("awk -F: '!/^[+-]/ && $2 != \"x\" {print $1}' /etc/passwd").splitlines()
    assert unshadowed == []


@pytest.mark.control("usr-no-empty-pw")
def test_no_password_is_empty(host):
    empty = host.check_output("awk -F: '!/^[+-]/ && $2 == \"\" {print $1}' /etc/passwd /etc/shadow").splitlines()
    assert empty == []
