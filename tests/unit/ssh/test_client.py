import socket
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from threading import Thread

import paramiko
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


@pytest.fixture
def old(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Host]:
    """A server that speaks nothing strong, and an ssh that says which options it was called with."""
    counts = "printf '%s\\n' \"$@\" | grep -cE '^(Ciphers|MACs|KexAlgorithms|HostKeyAlgorithms)=-'"
    (tmp_path / "ssh").write_text(f'#!/bin/sh\necho "it was me with $({counts}) conditions" >&2\nexit 255\n')
    (tmp_path / "ssh").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")

    def serve() -> None:
        with suppress(OSError, EOFError, paramiko.SSHException):
            while True:
                transport = paramiko.Transport(listening.accept()[0])
                transport.add_server_key(paramiko.ECDSAKey.generate())
                transport.get_security_options().ciphers = ["aes128-cbc"]
                with suppress(EOFError, paramiko.SSHException):
                    transport.start_server(server=paramiko.ServerInterface())

    with socket.create_server(("127.0.0.1", 0)) as listening:
        Thread(target=serve, daemon=True).start()
        yield replace(HOST, port=listening.getsockname()[1])


def test_where_paramiko_knows_no_algorithm_openssh_goes_with_strong_ones_only(old: Host) -> None:
    began = time.monotonic()
    said = refusal(old)
    assert "it was me with 4 conditions" in said
    assert time.monotonic() - began < 5
    with pytest.raises(Unreachable, match="it was me"):
        identify(old, [], timeout=5)


def test_where_openssh_may_not_go_it_is_said_why(old: Host) -> None:
    assert "speaks no cryptography that paramiko knows" in refusal(replace(old, ssh_client="paramiko"))
    said = refusal(replace(old, password=SecretStr("guessable")))
    assert "by OpenSSH only (it needs cryptography that paramiko does not know)" in said
    assert "guessable" not in said


@pytest.mark.parametrize("name", ["[127.0.0.1]:{port}", "[127.0.0.*]:*,other", "127.0.0.1", "*"])
def test_where_an_authority_vouches_openssh_goes(old: Host, tmp_path: Path, name: str) -> None:
    known = tmp_path / "known_hosts"
    known.write_text(f"@cert-authority {name.format(port=old.port)} ssh-ed25519 AAAA comment\n")
    with pytest.raises(Unreachable, match="it was me"):
        connect(old, [known], timeout=5)
    forced = replace(old, ssh_client="paramiko")
    with pytest.raises(Unreachable, match="does not know the certificate authority"):
        connect(forced, [known], timeout=5)


def test_what_a_proxy_command_does_not_bring_about_is_advised_as_its_own() -> None:
    host = replace(HOST, ssh_args="-F none -o 'ProxyCommand=false'")
    for failing in (connect, identify):
        with pytest.raises(Unreachable, match="ended the connection") as caught:
            failing(host, [], timeout=5)
        assert "ProxyCommand" in caught.value.advice
