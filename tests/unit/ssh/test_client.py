from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import SecretStr

from opsharden.errors import Unreachable
from opsharden.model import Host
from opsharden.ssh.client import connect, identify

HOST = Host("web1", "127.0.0.1", port=1, user="joe")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A home without keys and ssh_config."""
    monkeypatch.setenv("HOME", str(tmp_path))


def refusal(host: Host) -> str:
    with pytest.raises(Unreachable) as caught:
        connect(host, [], timeout=5)
    assert caught.value.advice
    return caught.value.message


BY_PARAMIKO = "web1 cannot be reached at 127.0.0.1 port 1: connection refused."
BY_NOBODY = "web1 can be reached by OpenSSH only, and /nowhere/ssh cannot be started: No such file or directory."


@pytest.mark.parametrize(
    ("client", "args", "said"),
    [
        ("auto", "", BY_PARAMIKO),
        ("paramiko", "", BY_PARAMIKO),
        ("paramiko", "-4", "paramiko cannot go there: it does not know the ssh argument -4."),
        ("/nowhere/ssh", "", BY_NOBODY),
        ("/nowhere/ssh", "-4", BY_NOBODY),
    ],
)
def test_who_goes(client: str, args: str, said: str) -> None:
    assert refusal(replace(HOST, ssh_client=client, ssh_args=args)) == said


def test_openssh_goes_where_only_it_can_or_it_is_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "ssh").write_text("#!/bin/sh\necho it was me >&2\nexit 255\n")
    (tmp_path / "ssh").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    for host in (replace(HOST, ssh_client="openssh"), replace(HOST, ssh_args="-4")):
        assert refusal(host) == "OpenSSH did not get to web1: it was me."
        with pytest.raises(Unreachable, match="it was me"):
            identify(host, [], timeout=5)


@pytest.mark.parametrize(
    ("client", "args", "why"),
    [("auto", "-4", "it needs the ssh argument -4"), ("openssh", "", "opsharden_ssh_client or ansible_ssh_executable")],
)
def test_a_password_is_not_for_openssh(client: str, args: str, why: str) -> None:
    said = refusal(replace(HOST, ssh_client=client, ssh_args=args, password=SecretStr("guessable")))
    assert "which is given no login password" in said
    assert why in said
    assert "guessable" not in said


@pytest.mark.parametrize("client", ["auto", "paramiko", "openssh"])
def test_a_key_that_is_named_has_to_be_there(client: str) -> None:
    assert "/nowhere/key does not exist" in refusal(replace(HOST, ssh_client=client, key_file=Path("/nowhere/key")))
