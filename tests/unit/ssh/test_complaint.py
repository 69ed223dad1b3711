import pytest

from opsharden.model import Host
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
