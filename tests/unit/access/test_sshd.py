import pytest

from opsharden.access import sshd
from opsharden.access.facts import Facts


def said(**settings: str | tuple[str, ...]) -> Facts:
    given = {name: (value,) if isinstance(value, str) else value for name, value in settings.items()}
    return Facts(sshd={"usepam": ("yes",), **given}, peer="10.1.2.3")


def whats(seen: Facts, account: str = "svc", groups: tuple[str, ...] = ("svc",)) -> str:
    return "; ".join(each.what for each in sshd.obstacles(account, groups, "ssh-ed25519", seen))


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"allowusers": ("admin", "s*")},
        {"allowusers": "svc@10.0.0.0/8"},
        {"allowusers": "svc@10.1.*"},
        {"allowusers": "svc@bastion.example.com"},  # the host may know it by name
        {"denyusers": "svc@192.0.2.0/24"},
        {"denyusers": ("root", "svcx")},
        {"allowgroups": ("sudo", "sv?")},
        {"denygroups": "sudo"},
        {"authenticationmethods": "publickey,password publickey"},
        {"authenticationmethods": "any"},
        {"pubkeyacceptedalgorithms": "rsa-sha2-512,ssh-ed25519"},
        {"permitrootlogin": "no"},
        {"forcecommand": "none", "chrootdirectory": "none"},
    ],
)
def test_who_is_let_in(settings: dict[str, str | tuple[str, ...]]) -> None:
    assert whats(said(**settings)) == ""


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"allowusers": ("admin", "svcx")}, "AllowUsers (admin svcx)"),
        ({"allowusers": "svc@192.0.2.0/24"}, "AllowUsers"),
        ({"allowusers": "svc@10.2.*"}, "AllowUsers"),
        ({"denyusers": "s*"}, "DenyUsers s*"),
        ({"denyusers": "svc@10.0.0.0/8"}, "DenyUsers"),
        ({"allowgroups": ("sudo", "ssh users")}, "none of its groups (svc) is listed in AllowGroups (sudo ssh users)"),
        ({"denygroups": "svc"}, "DenyGroups svc"),
        ({"authenticationmethods": "publickey,password"}, "AuthenticationMethods publickey,password"),
        ({"authenticationmethods": "publickey,publickey"}, "AuthenticationMethods"),
        ({"pubkeyauthentication": "no"}, "PubkeyAuthentication no"),
        ({"pubkeyacceptedalgorithms": "rsa-sha2-512,ecdsa-*"}, "ssh-ed25519"),
        ({"pubkeyacceptedkeytypes": "ssh-rsa"}, "ssh-ed25519"),
        ({"forcecommand": "internal-sftp -d /x"}, "ForceCommand internal-sftp -d /x"),
        ({"chrootdirectory": "/srv"}, "ChrootDirectory /srv"),
    ],
)
def test_who_is_kept_out(settings: dict[str, str | tuple[str, ...]], says: str) -> None:
    assert says in whats(said(**settings))


def test_root_is_kept_out_by_a_setting_of_its_own() -> None:
    assert "PermitRootLogin no" in whats(said(permitrootlogin="no"), "root", ("root",))
    assert whats(said(permitrootlogin="without-password"), "root", ("root",)) == ""


def test_a_name_may_hold_an_at() -> None:
    assert whats(said(allowusers="svc@corp.example"), "svc@corp.example") == ""
    assert "AllowUsers" in whats(said(allowusers="other@corp.example"), "svc@corp.example")


def test_an_sshd_that_says_nothing_is_left_to_the_login() -> None:
    assert whats(Facts()) == ""


@pytest.mark.parametrize(
    ("pattern", "paths"),
    [
        (".ssh/keys .ssh/keys2", [("/home/svc/.ssh/keys", True), ("/home/svc/.ssh/keys2", True)]),
        ("/etc/ssh/keys/%u", [("/etc/ssh/keys/svc", True)]),
        ("%h/.keys /etc/ssh/%U/k%%", [("/home/svc/.keys", True), ("/etc/ssh/1001/k%", True)]),
        ("/etc/ssh/all", [("/etc/ssh/all", False)]),
        ("none", []),
    ],
)  # fmt: skip
def test_where_keys_are_looked_for(pattern: str, paths: list[tuple[str, bool]]) -> None:
    assert list(sshd.key_paths("svc", 1001, "/home/svc", said(authorizedkeysfile=pattern))) == paths


def test_no_number_no_path_by_number() -> None:
    assert sshd.key_paths("new", None, "/home/new", said(authorizedkeysfile="/etc/ssh/%U")) == ()
