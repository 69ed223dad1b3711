"""Which lines of the account databases the module takes for accounts."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from tests.unit.roles.loading import module

PASSWD = """
  lead:x:1:1::/:/bin/sh
# comment:x:1:1::/:/bin/sh
+nis::::::
+::::::
-gone:x:1:1::/:/bin/sh
twice:x:2:2::/:/bin/sh
twice::3:3::/:/bin/sh
words
odd name:x:4:4::/:/bin/sh
letters:x:a:b::/:/bin/sh
short::5:5
"""
SHADOW = "\nlead::1:0:9:7:::\ntwo::\nold::1:0:9\nold2::1:0:9:\nseven::1:0:9:7:\n+::::::::\n#c::1:0:9:7:::\n"


def test_accounts_are_what_the_c_library_takes_for_one(tmp_path: Path, monkeypatch: Any) -> None:
    passwords = module("accounts", "account_passwords")
    passwd, shadow = tmp_path / "passwd", tmp_path / "shadow"
    passwd.write_text(PASSWD)
    shadow.write_text(SHADOW)
    monkeypatch.setattr(passwords, "PASSWD", str(passwd))
    monkeypatch.setattr(passwords, "SHADOW", str(shadow))
    found = {account.name: (account.password, account.whole) for account in passwords.accounts()}
    assert found == {
        "lead": ("", True),
        "twice": (None, True),
        "odd name": (None, True),
        "short": ("", False),
    }
    assert [fields[0] for fields in passwords.entries(str(shadow))] == ["lead", "old", "old2"]


def test_sshd_is_not_asked_where_it_would_wait(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    passwords = module("accounts", "account_passwords")
    monkeypatch.setattr(passwords, "_SSH", str(tmp_path))
    assert not passwords.waits()
    (tmp_path / "sshd_config.d").mkdir()
    os.mkfifo(tmp_path / "sshd_config.d" / "pipe.conf")
    assert passwords.waits()
