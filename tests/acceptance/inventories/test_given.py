"""Variables and passwords from the command line that are none."""

from __future__ import annotations

from pathlib import Path

import pytest

from opsharden.errors import UsageError
from opsharden.inventory import VaultKeys
from opsharden.workflows.workplace import Access
from tests.acceptance.inventories.asking import ONE, SECRET, Ask


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("@nosuch", "No such file"),
        ("@.", "Is a directory"),
        ("@slip.yml", "no valid YAML at line 3"),
        ("@alias.yml", "no valid YAML at line 1"),
        ("@latin.yml", "not written in UTF-8"),
        ("@list.yml", "not a set of names and values"),
        ("@shut.yml", "is vaulted and no vault password"),
        (f"password {SECRET}", "not a set of names and values"),
        (f"{{password: {SECRET}", "no valid YAML"),
        (f"[{SECRET}]", "not a set of names and values"),
        (f"'{SECRET}", "no. 1"),
        ("ssh_max_auth_tries=abc", '-e ssh_max_auth_tries is "abc"; it has to be a whole number'),
        ("{accounts_umask: 022}", "is 18; it has to be one of 027, 077"),
        ("ssh_max_startups=5", "it has to be a mapping of start, rate, full"),
        ("{time_servers: [{a: b}]}", "it has to be a list"),
    ],
)
def test_extra_variables_that_mean_nothing(ask: Ask, given: str, words: str) -> None:
    files: dict[str, str | bytes] = {
        "h.yml": ONE,
        "slip.yml": f"a: 1\npassword: {{{SECRET}\n",
        "alias.yml": f"password: *{SECRET}\n",
        "latin.yml": f"password: {SECRET}".encode() + b"\xf6\n",
        "list.yml": f"- {SECRET}\n",
        "shut.yml": "$ANSIBLE_VAULT;1.1;AES256\n6162\n",
    }
    heard = ask(files, access=Access(extra=(given,)))
    assert isinstance(heard.error, UsageError)
    assert words in heard.text


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        (VaultKeys(files=(Path("nosuch"),)), "was not found"),
        (VaultKeys(files=(Path(),)), "directory"),
        (VaultKeys(files=(Path("empty"),)), "gives no password"),
        (VaultKeys(files=(Path("fails"),)), "returned non-zero (4)"),
        (VaultKeys(ids=("prod@some-client",)), "did not find a secret for vault-id=prod: no token"),
        (VaultKeys(ids=("plain",)), "is a program that may not be run"),
    ],
)
def test_vault_passwords_that_are_none(ask: Ask, tmp_path: Path, keys: VaultKeys, words: str) -> None:
    (tmp_path / "plain").write_text(f"#!/bin/sh\necho {SECRET}\n")
    files = {
        "h.yml": ONE,
        "empty": "",
        "fails": "#!/bin/sh\nexit 4\n",
        "some-client": "#!/bin/sh\necho no token >&2\nexit 2\n",
    }
    heard = ask(files, access=Access(vault=keys))
    assert isinstance(heard.error, UsageError)
    assert words in heard.text
