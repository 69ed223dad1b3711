from __future__ import annotations

from opsharden.errors import PlayError, VaultError
from opsharden.play.complaint import complaint

ROLE = """[ERROR]: YAML parsing failed: While parsing a flow sequence did not find expected ',' or ']'.
Origin: /roles/bad/tasks/main.yml:3:7

1 - name: X
2   command: [unclosed
        ^ column 7
"""


def test_the_sentence_is_ansibles_own_with_the_place() -> None:
    raised = complaint(["[WARNING]: something else", ROLE])
    assert type(raised) is PlayError
    assert raised.message == (
        "Ansible could not run: YAML parsing failed: While parsing a flow sequence did not find expected ',' or ']' "
        "(/roles/bad/tasks/main.yml:3:7)."
    )


def test_single_lines_make_the_same_sentence() -> None:
    assert complaint(ROLE.splitlines()).message == complaint([ROLE]).message


def test_a_vault_without_password_is_an_error_of_its_own() -> None:
    raised = complaint(["[ERROR]: Attempting to decrypt but no vault secrets found.\nOrigin: /inv/group_vars/all.yml"])
    assert isinstance(raised, VaultError)
    assert "/inv/group_vars/all.yml" in raised.message
    assert "--vault-password-file" in raised.advice


def test_nobody_matched() -> None:
    said = "[ERROR]: Specified inventory, host pattern and/or --limit leaves us with no hosts to target."
    assert "None of the hosts asked for" in complaint([said]).message


def test_our_own_folders_are_not_mentioned() -> None:
    message = complaint(
        ["[ERROR]: the role 'x' was not found in /dev/shm/opsharden-play-abc/project/roles:/roles"]
    ).message
    assert "opsharden-play" not in message
    assert "/roles" in message


def test_silence_is_told_as_such() -> None:
    assert complaint([]).message == "Ansible could not run: it ended without a word."


def test_a_traceback_is_cut() -> None:
    said = "[ERROR]: Unexpected Exception: boom\n\nTraceback (most recent call last):\n  File x\n"
    assert complaint([said]).message == "Ansible could not run: Unexpected Exception: boom."
