from dataclasses import replace
from pathlib import Path

import pytest

from opsharden.model import Host
from opsharden.ssh.advice import OnTheWay
from opsharden.ssh.complaint import refusal

HOST = Host("web1", "192.0.2.1")
CHANGED = """@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@
@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @
@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@
The fingerprint for the ED25519 key sent by the remote host is
SHA256:abc.
Please contact your system administrator.
Add correct host key in /k h to get rid of this message.
Offending ECDSA key in /k h:3
Host key for 192.0.2.1 has changed and you have requested strict checking.
Host key verification failed.
"""


@pytest.mark.parametrize(
    ("said", "message"),
    [
        (
            CHANGED,
            "The host key of web1 has changed: it shows SHA256:abc (ED25519), pinned is another in /k h line 3.",
        ),
        (
            "Host key for hub has changed and you have requested strict checking.\nHost key verification failed.\n",
            "The host key of hub has changed.",
        ),
        (
            "No ED25519 host key is known for 192.0.2.1 and you have requested strict checking.\r\n"
            "Host key verification failed.\r\n",
            "The host key of web1 is not known.",
        ),
        ("The ED25519 host key for hub is marked as revoked.\n", "The host key of hub is revoked."),
        (
            "ssh: connect to host 192.0.2.1 port 22: Connection refused\r\n",
            "web1 cannot be reached at 192.0.2.1 port 22: connection refused.",
        ),
        (
            "ssh: connect to host hub port 22: No route to host\r\nConnection closed by UNKNOWN port 65535\r\n",
            "hub cannot be reached at hub port 22: no route to host.",
        ),
        (
            "ssh: Could not resolve hostname 192.0.2.1: Name or service not known\r\n",
            "web1 cannot be reached at 192.0.2.1: the name does not resolve.",
        ),
        (
            "channel 0: open failed: connect failed: Connection refused\nstdio forwarding failed\n"
            "Connection closed by UNKNOWN port 65535\n",
            "web1 cannot be reached through its jump host: connect failed: connection refused.",
        ),
        (
            "A banner\njoe@192.0.2.1: Permission denied (publickey,password).\n",
            "web1 refused the login as joe: it takes publickey,password only.",
        ),
        (
            'Load key "/k": error in libcrypto\njoe@192.0.2.1: Permission denied (publickey).\n',
            "web1 refused the login: the key /k cannot be used (error in libcrypto).",
        ),
        (
            "Received disconnect from 192.0.2.1 port 22:2: Too many authentication failures\n",
            "web1 refused the login: it was offered too many keys.",
        ),
        (
            "Unable to negotiate with 192.0.2.1 port 22: no matching cipher found. Their offer: 3des-cbc\n",
            "web1 speaks no cryptography that is still strong: no matching cipher found. their offer: 3des-cbc.",
        ),
        (
            "Connection timed out during banner exchange\nConnection to 192.0.2.1 port 22 timed out\n",
            "web1 accepted the connection but did not answer in time.",
        ),
        (
            "kex_exchange_identification: read: Connection reset by peer\n",
            "web1 ended the connection: connection reset by peer.",
        ),
        (
            "command-line: line 0: Bad configuration option: nosuch\n",
            "OpenSSH cannot work with the arguments or the ssh_config of web1: bad configuration option: nosuch.",
        ),
        (
            "/home/joe/.ssh/config: line 3: missing argument.\n/home/joe/.ssh/config: terminating, 1 bad option\n",
            "OpenSSH cannot work with the arguments or the ssh_config of web1: "
            "/home/joe/.ssh/config: line 3: missing argument.",
        ),
        ("Something new.\nAnd more.\n", "OpenSSH did not get to web1: and more."),
        (" \n", "OpenSSH did not get to web1 and gave no reason."),
    ],
)
def test_complaints_in_our_words(said: str, message: str) -> None:
    error = refusal(HOST, said)
    assert error.message == message
    assert error.advice


AUTHENTICATED = 'Authenticated to hub ([192.0.2.9]:22) using "publickey".\n'


@pytest.mark.parametrize(
    ("said", "message", "advice"),
    [
        (
            "joe@hub: Permission denied (publickey).\nConnection closed by UNKNOWN port 65535\n",
            "The jump host hub refused the login as joe: it takes publickey only.",
            "never with user and key of the host behind it",
        ),
        (
            "No ED25519 host key is known for hub and you have requested strict checking.\n",
            "The host key of the jump host hub is not known.",
            "add it to ~/.ssh/known_hosts",
        ),
        (
            "Host key for hub has changed and you have requested strict checking.\n",
            "The host key of the jump host hub has changed.",
            "put its new key in place",
        ),
        (
            "ssh: connect to host hub port 22: No route to host\nConnection closed by UNKNOWN port 65535\n",
            "The jump host hub cannot be reached at hub port 22: no route to host.",
            "Is the jump host up",
        ),
        (
            "kex_exchange_identification: Connection closed by remote host\nConnection closed by UNKNOWN port 65535\n",
            "The jump host joe@hub ended the connection: connection closed by remote host.",
            "let this machine in",
        ),
        (
            f"{AUTHENTICATED}channel 0: open failed: administratively prohibited: open failed\n",
            "web1 cannot be reached through its jump host: administratively prohibited: open failed.",
            "AllowTcpForwarding",
        ),
        (
            f"{AUTHENTICATED}joe@192.0.2.1: Permission denied (publickey).\n",
            "web1 refused the login as joe: it takes publickey only.",
            "`opsharden bootstrap` puts the key in place",
        ),
        (
            f"{AUTHENTICATED}Connection closed by remote host\n",
            "web1 ended the connection: connection closed by remote host.",
            "Is an SSH server there",
        ),
    ],
)
def test_what_a_jump_host_complains_about_is_advised_as_its_own(said: str, message: str, advice: str) -> None:
    error = refusal(replace(HOST, ssh_args="-F none -J joe@hub"), said)
    assert error.message == message
    assert advice in error.advice
    assert isinstance(error, OnTheWay) == ("jump host" in message and "its jump host" not in message)


def test_of_several_jump_hosts_none_is_guessed() -> None:
    error = refusal(replace(HOST, ssh_args="-F none -J a,b"), "Connection reset by peer\n")
    assert error.message == "A jump host on the way to web1 ended the connection: connection reset by peer."


def test_a_host_by_its_other_names_is_no_jump_host(tmp_path: Path) -> None:
    config = tmp_path / "config"
    config.write_text(
        "Host 192.0.2.1\n  HostName web1.example.org\n  HostKeyAlias inner\n  Port 2222\n  ProxyJump hub\n"
    )
    for name in ("web1.example.org", "inner", "[web1.example.org]:2222"):
        error = refusal(replace(HOST, ssh_args=f"-F {config}"), f"joe@{name}: Permission denied (publickey).\n")
        assert error.message.startswith("web1 refused the login")


def test_behind_a_proxy_command_too() -> None:
    host = replace(HOST, ssh_args="-F none -o 'ProxyCommand=ssh -W %h:%p hub'")
    error = refusal(host, "joe@hub: Permission denied (publickey).\n")
    assert error.message.startswith("The jump host hub refused the login")
