"""What bootstrap refuses: what is in the way is said before anything is changed, and what is advised helps."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from opsharden.lab import Suite
from tests.field.bootstrapping import DOTTED, NEW, SERVICE, SSHD, Case, Outcome, played

OPEN = "rm /etc/ssh/sshd_config.d/00-site.conf; systemctl reload ssh"

CASES = (
    Case(
        "AllowGroups without its group",
        SSHD.format("AllowGroups sudo staff"),
        ("AllowGroups (sudo staff)", "useradd -m -G sudo opsharden"),
        "useradd -m -s /bin/bash -G sudo opsharden",
    ),
    Case("AllowUsers without it", SSHD.format("AllowUsers admin"), ("AllowUsers", "Add opsharden"), OPEN),
    Case(
        "AllowUsers with it, from elsewhere", SSHD.format("AllowUsers admin ops*@192.0.2.0/24"), ("AllowUsers",), OPEN
    ),
    Case("DenyUsers with it", SSHD.format("DenyUsers ops*"), ("DenyUsers ops*",), OPEN),
    Case("DenyGroups with it", SSHD.format("DenyGroups opsharden"), ("DenyGroups opsharden",), OPEN),
    Case(
        "two methods at once",
        SSHD.format("AuthenticationMethods publickey,password password"),
        ("AuthenticationMethods",),
        OPEN,
    ),
    Case("no keys at all", SSHD.format("PubkeyAuthentication no"), ("PubkeyAuthentication no",), OPEN),
    Case(
        "ForceCommand for it",
        SSHD.format("Match User opsharden\n ForceCommand internal-sftp"),
        ("ForceCommand internal-sftp",),
        OPEN,
    ),
    Case("no Ed25519", SSHD.format("PubkeyAcceptedAlgorithms rsa-sha2-512,ecdsa-sha2-*"), ("ssh-ed25519",), OPEN),
    Case(
        "keys of all in one file",
        SSHD.format("AuthorizedKeysFile /etc/ssh/all_keys"),
        ("no file of this account alone", "/etc/ssh/all_keys"),
        OPEN,
    ),
    Case(
        "keys from a program only",
        SSHD.format("AuthorizedKeysFile none\nAuthorizedKeysCommand /usr/bin/true\nAuthorizedKeysCommandUser nobody"),
        ("AuthorizedKeysCommand /usr/bin/true",),
        OPEN,
    ),
    Case(
        "a shell that lets nobody in",
        SERVICE + "; usermod -s /usr/sbin/nologin svc",
        ("/usr/sbin/nologin", "usermod --shell"),
        "usermod -s /bin/bash svc",
        user="svc",
    ),
    Case(
        "a shell that is not there",
        SERVICE + "; usermod -s /bin/zsh svc",
        ("/bin/zsh, is not there",),
        "usermod -s /bin/bash svc",
        user="svc",
    ),
    Case(
        "an expired account",
        SERVICE + "; chage -E 2020-01-01 svc",
        ("has expired", "chage --expiredate -1"),
        "chage --expiredate -1 svc",
        user="svc",
    ),
    Case(
        "a password to be changed",
        SERVICE + "; chage -d 0 svc",
        ("has to change its password",),
        "chage --lastday $(date +%F) svc",
        user="svc",
    ),
    Case(
        "a password too old",
        SERVICE + "; chage -d 2020-01-01 -M 90 svc",
        ("too old",),
        "chage --maxdays -1 svc",
        user="svc",
    ),
    Case(
        "no home",
        "useradd --no-create-home --shell /bin/bash svc",
        ("does not exist", "mkhomedir_helper svc"),
        "mkhomedir_helper svc",
        user="svc",
    ),
    Case(
        "a home that others may write to",
        SERVICE + "; chmod 775 /home/svc",
        ("mode 0775", "chmod go-w"),
        "chmod go-w /home/svc",
        user="svc",
    ),
    Case(
        "a home of somebody else",
        SERVICE + "; chown admin /home/svc",
        ("somebody else's", "chown svc"),
        "chown svc /home/svc",
        user="svc",
    ),
    Case(
        "a login not listed in access.conf",
        "echo 'account required pam_access.so' >> /etc/pam.d/sshd;"
        "echo '-:ALL EXCEPT root admin:ALL' >> /etc/security/access.conf",
        ("logs there say", "pam_access", "access denied"),
        "sed -i /pam_access/d /etc/pam.d/sshd",
        steps=NEW,
    ),
    Case(
        "sudo without its folder",
        "sed -i '/includedir/d' /etc/sudoers",
        ("does not read /etc/sudoers.d", "visudo"),
        "echo '@includedir /etc/sudoers.d' >> /etc/sudoers",
    ),
    Case(
        "sudo that wants a terminal, but of one",
        "printf 'Defaults requiretty\\nDefaults:admin !requiretty\\n' > /etc/sudoers.d/tty;"
        "chmod 440 /etc/sudoers.d/tty",
        ("requiretty", "!requiretty"),
        "echo 'Defaults:opsharden !requiretty' >> /etc/sudoers.d/tty",
    ),
    Case(
        "sudo that wants a terminal of all",
        "echo 'Defaults requiretty' > /etc/sudoers.d/tty; chmod 440 /etc/sudoers.d/tty",
        ("must have a tty", "Defaults:admin !requiretty"),
        "echo 'Defaults:admin,opsharden !requiretty' >> /etc/sudoers.d/tty",
    ),
    Case(
        "sudo that asks behind us",
        "echo '%opsharden ALL=(ALL) PASSWD: ALL' > /etc/sudoers.d/zz; chmod 440 /etc/sudoers.d/zz",
        ("sudo", "password"),
        "rm /etc/sudoers.d/zz",
        steps=NEW,
    ),
    Case(
        "broken rules of sudo",
        "echo nonsense here > /etc/sudoers.d/x; chmod 440 /etc/sudoers.d/x",
        ("broken already", "visudo -c"),
        "rm /etc/sudoers.d/x",
    ),
    Case(
        "an account that is not there and cannot be made",
        "",
        ("there is no account svc.ansible",),
        DOTTED,
        user="svc.ansible",
    ),
    Case(
        "no way to packages",
        "dpkg --purge python3-apt >/dev/null; mv /etc/apt /etc/apt.gone; mkdir /etc/apt; rm -rf /var/lib/apt/lists/*",
        ("apt-get cannot install python3-apt",),
        "rm -rf /etc/apt; mv /etc/apt.gone /etc/apt",
    ),
    Case(
        "another run at work",
        "setsid flock /run/opsharden.lease sleep 1000 >/dev/null 2>&1 </dev/null & sleep 0.3",
        ("is being changed by another run",),
        "pkill -f 'sleep 1000'",
    ),
    Case(
        "no such first login",
        "",
        ("refused the login as nobody-knows", "with the password", "-u root"),
        "",
        values={"bootstrap_user": "nobody-knows"},
    ),
)


@pytest.fixture(scope="module")
def came(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, images: Mapping[Suite, str]
) -> dict[tuple[str, int], Outcome]:
    return played(request, tmp_path_factory, images)


@pytest.mark.parametrize("release", [12, 13])
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_what_is_in_the_way_is_said(case: Case, release: int, came: dict[tuple[str, int], Outcome]) -> None:
    came[case.name, release].hold_for(case)
