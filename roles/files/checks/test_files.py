"""Who may read and write the files that say who may log in."""

import pytest


@pytest.mark.control("file-account-db", root=False)
def test_account_lists(open_files):
    assert open_files(("/etc/passwd", "/etc/passwd-", "/etc/group", "/etc/group-"), 0o644) == []


@pytest.mark.control("file-secret-db", root=False)
def test_password_hashes(open_files, shadow_group):
    paths = ("/etc/shadow", "/etc/shadow-", "/etc/gshadow", "/etc/gshadow-")
    assert open_files(paths, 0o640, shadow_group) == []


@pytest.mark.control("file-shells-opasswd", root=False)
def test_shells_and_old_passwords(open_files):
    shells = open_files(("/etc/shells",), 0o644)
    old_passwords = open_files(("/etc/security/opasswd", "/etc/security/opasswd.old"), 0o600)
    assert shells + old_passwords == []
