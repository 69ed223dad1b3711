"""Settings of Ansible's, and limits, that mean nothing or something else than was meant."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.acceptance.inventories.asking import LOOKED, ONE, SECRET, called


@pytest.mark.parametrize(
    ("config", "words"),
    [
        (f"rubbish {SECRET}\n", "Ansible's own settings cannot be read"),
        (f"[defaults]\n= {SECRET}\n", "Ansible's own settings cannot be read"),
        ("[defaults]\nforks = many\n", "DEFAULT_FORKS"),
        ("[inventory]\nenable_plugins = aws_ec2\n", "collection of amazon"),
        ("[inventory]\nenable_plugins = nosuch\n", "nosuch"),
    ],
)
def test_settings_of_ansible_that_mean_nothing(tmp_path: Path, config: str, words: str) -> None:
    done = called(tmp_path, {"h.yml": ONE, "ansible.cfg": config})
    assert done.returncode == 2, done.stderr
    assert words in done.stderr


def test_settings_of_ansible_that_are_not_heeded_are_named(tmp_path: Path) -> None:
    config = "[defaults]\nremote_user = bob\nvault_identity_list = dev@nosuch, prod@secret\n"
    done = called(tmp_path, {"h.yml": ONE, "ansible.cfg": config, "secret": "open\n"})
    assert done.returncode in LOOKED
    assert "remote_user" in done.stderr
    assert "ansible_user" in done.stderr
    assert "nosuch was not found" in done.stderr


@pytest.mark.parametrize(("verb", "limit"), [("apply", "@empty"), ("bootstrap", ""), ("verify", "@blank")])
def test_a_limit_that_names_nobody(tmp_path: Path, verb: str, limit: str) -> None:
    words = () if verb == "bootstrap" else ("--control", "ssh-grace")
    done = called(tmp_path, {"h.yml": ONE, "empty": "", "blank": "\n\n"}, verb, "-i", "h.yml", "-l", limit, *words)
    assert "names no host, which means all hosts" in done.stderr
    assert done.returncode in (LOOKED if verb == "verify" else (2,))


@pytest.mark.parametrize(("limit", "words"), [("@nosuch", "No such file"), ("@.", "Is a directory"), ("@b", "UTF-8")])
def test_a_limit_that_cannot_be_read(tmp_path: Path, limit: str, words: str) -> None:
    done = called(tmp_path, {"h.yml": ONE, "b": b"\xff"}, "verify", "-i", "h.yml", "-l", limit)
    assert done.returncode == 2
    assert words in done.stderr
