"""What bootstrap makes ready: accounts and keys as people have them, with no more than is needed."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from opsharden.lab import Suite
from tests.field.bootstrapping import DOTTED, NEW, SERVICE, SSHD, Case, Outcome, played

THERE = ("put the key", "let")
PASSWD = """
printf '%s\\n' '{0}:*:4001:4001::/home/directory:/bin/bash' >> /etc/passwd
printf '%s\\n' '{0}:*:20000:0:99999:7:::' >> /etc/shadow
echo 'directory:x:4001:' >> /etc/group
mkdir /home/directory; chown 4001:4001 /home/directory
"""
"""An account as a directory has it."""
RULED = "echo '{} ALL=(ALL:ALL) NOPASSWD: ALL' > /etc/sudoers.d/opsharden; chmod 440 /etc/sudoers.d/opsharden"


CASES = (
    Case(
        "as new", steps=NEW, keeps="[ $(stat -c %a /home/opsharden) = 700 ]; ! find /home/opsharden -perm /077 | grep ."
    ),
    Case("AllowUsers with it, from here", SSHD.format("AllowUsers admin ops*@10.0.0.0/8"), steps=NEW),
    Case(
        "keys elsewhere, root's",
        SSHD.format("AuthorizedKeysFile /etc/ssh/keys/%u"),
        steps=NEW,
        keeps="grep -q ed25519 /etc/ssh/keys/opsharden; stat -c '%a %U' /etc/ssh/keys/opsharden | grep -x '644 root'",
    ),
    Case(
        "keys elsewhere, folder there",
        "mkdir -p /etc/ssh/keys;" + SSHD.format("AuthorizedKeysFile /etc/ssh/keys/%u.pub"),
        steps=NEW,
    ),
    Case(
        "a home as it should be stays",
        SERVICE + "; chmod 755 /home/svc; mkdir -m 755 /home/svc/.ssh; touch /home/svc/.ssh/authorized_keys;"
        "chmod 644 /home/svc/.ssh/authorized_keys; chown -R svc: /home/svc",
        steps=THERE,
        user="svc",
        keeps="[ $(stat -c %a /home/svc) = 755 ]; [ $(stat -c %a /home/svc/.ssh) = 755 ]",
    ),
    Case(
        "a locked account without PAM",
        SERVICE + "; " + SSHD.format("UsePAM no"),
        steps=("took the lock", "put", "let"),
        user="svc",
    ),
    Case(
        "an account with a dot",
        DOTTED,
        steps=THERE,
        user="svc.ansible",
        keeps="grep -q svc.ansible '/etc/sudoers.d/opsharden-svc%2eansible'",
    ),
    Case(
        "an account of capitals",
        PASSWD.format("ANSIBLE"),
        steps=THERE,
        user="ANSIBLE",
    ),
    Case(
        "an account of a domain",
        PASSWD.format("CORP\\ansible"),
        steps=THERE,
        user="CORP\\ansible",
    ),
    Case(
        "an account of a realm",
        PASSWD.format("svc@corp.example"),
        steps=THERE,
        user="svc@corp.example",
    ),
    Case(
        "another's rule in the old file",
        "useradd other; " + RULED.format("other"),
        steps=NEW,
        keeps="grep -q ^other /etc/sudoers.d/opsharden; grep -q ^opsharden /etc/sudoers.d/opsharden-opsharden",
    ),
    Case(
        "its own rule in the old file",
        SERVICE + "; " + RULED.format("svc"),
        steps=("put",),
        user="svc",
        keeps="! ls /etc/sudoers.d | grep opsharden-",
    ),
    Case(
        "tcsh as its shell",
        "useradd -m -s /bin/tcsh svc",
        steps=THERE,
        user="svc",
    ),
)


@pytest.fixture(scope="module")
def came(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, images: Mapping[Suite, str]
) -> dict[tuple[str, int], Outcome]:
    return played(request, tmp_path_factory, images)


@pytest.mark.parametrize("release", [12, 13])
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_it_becomes_ready(case: Case, release: int, came: dict[tuple[str, int], Outcome]) -> None:
    came[case.name, release].hold_for(case)
