"""Who may read and write the files that say who may log in."""

import pytest


@pytest.mark.control("file-account-db", root=False)
def test_account_lists(open_files):
    paths = ("/etc/passwd", "/etc/passwd-", "/etc/group", "/etc/group-")
    observed, expected = open_files(paths, 0o644, ("root",))
    assert observed == expected


@pytest.mark.control("file-secret-db", root=False)
def test_password_hashes(open_files):
    paths = ("/etc/shadow", "/etc/shadow-", "/etc/gshadow", "/etc/gshadow-")
    observed, expected = open_files(paths, 0o640, ("root", "shadow"))
    assert observed == expected


@pytest.mark.control("file-shells-opasswd", root=False)
def test_shells_and_old_passwords(open_files):
    shells = open_files(("/etc/shells",), 0o644, ("root",))
    old_passwords = open_files(("/etc/security/opasswd", "/etc/security/opasswd.old"), 0o600, ("root",))
    observed, expected = ({**first, **second} for first, second in zip(shells, old_passwords, strict=True))
    assert observed == expected
