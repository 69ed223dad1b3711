"""bootstrap on hosts as people have them, many at once: what is in the way is said before anything is changed."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from opsharden import lab as labs
from opsharden.lab import LabSpec
from tests.conftest import Project

AT_ONCE = int(os.environ.get("FIELD_HOSTS", "8"))
"""Hosts of each release at the same time."""

READY = "apt-get -qq update; apt-get -qq install -y --no-install-recommends python3-apt tcsh >/dev/null 2>&1"
"""Packages take their time; one case is about them."""
KEEP = "tar -C / -cpf /root/as-new.tar --exclude=etc/hosts --exclude=etc/hostname --exclude=etc/resolv.conf etc home"
AS_NEW = """
pkill -f 'sleep 1000'
rm -rf /home/* /etc/sudoers.d /etc/ssh/sshd_config.d /etc/ssh/keys /etc/apt.gone /run/opsharden.lease
tar -C / -xpf /root/as-new.tar && systemctl reset-failed ssh; systemctl restart ssh
"""
"""A host need not be made anew for each case: what they touch is put back."""
SEEN = r"""
cat /etc/passwd /etc/group /etc/shadow
find /etc/sudoers.d /etc/ssh /home ! -name .sudo_as_admin_successful -printf '%p %m %u %s\n' | sort
"""
"""What bootstrap could have changed; that one file is what Debian's sudo leaves in the home of whom it let."""
SSHD = "cat > /etc/ssh/sshd_config.d/00-site.conf <<'END'\n{}\nEND\nsystemctl reload ssh"
OPEN = "rm /etc/ssh/sshd_config.d/00-site.conf; systemctl reload ssh"
SERVICE = "useradd --create-home --shell /bin/bash svc"
DOTTED = "useradd -m -s /bin/bash --badname svc.ansible 2>/dev/null || useradd -m -s /bin/bash --badnames svc.ansible"
PASSWD = """
printf '%s\\n' '{0}:*:4001:4001::/home/directory:/bin/bash' >> /etc/passwd
printf '%s\\n' '{0}:*:20000:0:99999:7:::' >> /etc/shadow
echo 'directory:x:4001:' >> /etc/group
mkdir /home/directory; chown 4001:4001 /home/directory
"""
"""An account as a directory has it."""
RULED = "echo '{} ALL=(ALL:ALL) NOPASSWD: ALL' > /etc/sudoers.d/opsharden; chmod 440 /etc/sudoers.d/opsharden"


@dataclass(frozen=True)
class Case:
    """A host, and what becomes of it.

    Attributes:
        name: What is special about it.
        given: Root's shell script that makes it so.
        says: What is said of it; where empty, it becomes ready.
        mend: What the administrator then does; then it becomes ready.
        steps: What was changed in the first run, the beginnings of it; where it is refused, nothing.
        user: ansible_user, where it is not left out.
        values: Further variables.
        keeps: Root's script that fails where harm was done.
    """

    name: str
    given: str = ""
    says: tuple[str, ...] = ()
    mend: str = ""
    steps: tuple[str, ...] = ()
    user: str = ""
    values: dict[str, str] = field(default_factory=dict)
    keeps: str = ""


NEW = ("made the account", "put the key", "let")
THERE = ("put the key", "let")

CASES = (
    Case(
        "as new", steps=NEW, keeps="[ $(stat -c %a /home/opsharden) = 700 ]; ! find /home/opsharden -perm /077 | grep ."
    ),
    Case(
        "AllowGroups without its group",
        SSHD.format("AllowGroups sudo staff"),
        ("AllowGroups (sudo staff)", "useradd -m -G sudo opsharden"),
        "useradd -m -s /bin/bash -G sudo opsharden",
    ),
    Case("AllowUsers without it", SSHD.format("AllowUsers admin"), ("AllowUsers", "Add opsharden"), OPEN),
    Case("AllowUsers with it, from here", SSHD.format("AllowUsers admin ops*@10.0.0.0/8"), steps=NEW),
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
        "a home as it should be stays",
        SERVICE + "; mkdir -m 755 /home/svc/.ssh; touch /home/svc/.ssh/authorized_keys;"
        "chmod 644 /home/svc/.ssh/authorized_keys; chown -R svc: /home/svc",
        steps=THERE,
        user="svc",
        keeps="[ $(stat -c %a /home/svc) != 700 ]; [ $(stat -c %a /home/svc/.ssh) = 755 ]",
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
        "sudo that wants a terminal",
        "echo 'Defaults requiretty' > /etc/sudoers.d/tty; chmod 440 /etc/sudoers.d/tty",
        ("requiretty", "!requiretty"),
        "echo 'Defaults:opsharden !requiretty' >> /etc/sudoers.d/tty",
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
        "an account that is not there and cannot be made",
        "",
        ("there is no account svc.ansible",),
        DOTTED,
        user="svc.ansible",
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


@dataclass(frozen=True)
class Outcome:
    """What two runs said of a host."""

    words: str
    steps: tuple[str, ...]
    touched: bool
    harm: str
    second: str
    third: str


@pytest.fixture(scope="module")
def outcomes(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> dict[tuple[str, int], Outcome]:
    """All chosen cases, in rounds: one bootstrap for all their hosts, the mending, two more."""
    mine = [item for item in request.session.items if item.path == Path(__file__)]
    chosen = {item.callspec.params["case"].name: item.callspec.params["case"] for item in mine}  # type: ignore[attr-defined]
    came: dict[tuple[str, int], Outcome] = {}
    waiting = list(chosen.values())
    most = min(AT_ONCE, len(waiting))
    folder = tmp_path_factory.mktemp("lab")
    with labs.up(LabSpec(id=f"boots{os.getpid()}", debian12=most, debian13=most, directory=folder)) as lab:
        with ThreadPoolExecutor() as pool:
            ready = list(pool.map(lambda host: lab.exec(host.name, f"{READY}; {KEEP}"), lab.hosts))
        assert {answer.returncode for answer in ready} == {0}
        while waiting:
            batch, waiting = waiting[:most], waiting[most:]
            names = [f"deb{release}-{number}" for number in range(1, len(batch) + 1) for release in (12, 13)]
            came.update(_played(Project(tmp_path_factory.mktemp("project"), lab, tuple(names)), batch))
            for name in names:
                assert lab.exec(name, AS_NEW).returncode == 0
    return came


def _played(project: Project, batch: list[Case]) -> Iterator[tuple[tuple[str, int], Outcome]]:
    hosts = {f"deb{release}-{number}": (case, release) for number, case in enumerate(batch, 1) for release in (12, 13)}
    assert project.run("init").returncode == 0
    settings = 'inventory = ["hosts.yml"]\n'
    (project.path / "opsharden.toml").write_text(settings)
    (project.path / "hosts.yml").write_text(
        yaml.safe_dump({"all": {"hosts": {name: _variables(project, name, case) for name, (case, _) in hosts.items()}}})
    )
    before = {}
    for name, (case, _) in hosts.items():
        project.exec(name, f"set -e\n{case.given}")
        before[name] = project.exec(name, SEEN)
    first = _bootstrap(project)
    touched = {name: project.exec(name, SEEN) != before[name] for name in hosts}
    harm = {name: _harm(project, name, case) for name, (case, _) in hosts.items()}
    for name, (case, _) in hosts.items():
        if case.mend:
            project.exec(name, case.mend)
    second, third = _bootstrap(project), _bootstrap(project)
    for name, (case, release) in hosts.items():
        steps = tuple(
            change["task"] for change in first["changes"] if change["host"] == name and change["status"] == "changed"
        )
        yield (
            (case.name, release),
            Outcome(
                _words(first, name),
                tuple(step for step in steps if not step.startswith("pinned")),
                touched[name],
                harm[name],
                _words(second, name),
                _words(third, name) + str([change for change in third["changes"] if change["host"] == name] or ""),
            ),
        )


def _variables(project: Project, name: str, case: Case) -> dict[str, str]:
    user = {"ansible_user": case.user} if case.user else {}
    return {"ansible_host": project.lab.host(name).address, "bootstrap_user": "admin", **user, **case.values}


def _bootstrap(project: Project) -> Any:
    done = project.run("bootstrap", "--accept-new", "--password-file", project.lab.home / "password", timeout=900)
    assert done.returncode in (0, 4), done.stdout + done.stderr
    return json.loads(project.run("runs", "show", "latest", "-o", "json").stdout)


def _words(run: Any, name: str) -> str:
    return str(next(member["reason"] for member in run["population"]["members"] if member["host"] == name))


def _harm(project: Project, name: str, case: Case) -> str:
    answer = project.lab.exec(name, f"set -e\n{case.keeps}")
    return f"{answer.stdout}{answer.stderr}" or "failed" if answer.returncode else ""


@pytest.mark.parametrize("release", [12, 13])
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_host_as_people_have_it(case: Case, release: int, outcomes: dict[tuple[str, int], Outcome]) -> None:
    came = outcomes[case.name, release]
    assert [text for text in case.says if text not in came.words] == [], came.words
    assert bool(case.says) == bool(came.words), came.words
    wanted = case.steps
    assert [step for step, start in zip(came.steps, wanted, strict=False) if not step.startswith(start)] == []
    assert len(came.steps) == len(wanted), came.steps
    assert came.touched == bool(wanted), "refused, and yet something was changed"
    assert came.harm == ""
    if case.mend or not case.says:
        assert came.second == "", "what was advised does not help"
        assert came.third == "", "a further run does not find it ready"
