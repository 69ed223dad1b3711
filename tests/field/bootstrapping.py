"""bootstrap on hosts as people have them, many at once: what two runs say of each, and what they change."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import pytest
import yaml

from opsharden import lab as labs
from opsharden.lab import LabSpec, Suite
from tests.conftest import Project

AT_ONCE = int(os.environ.get("FIELD_HOSTS", "8"))
"""Hosts of each release at the same time."""

READY = "apt-get -qq install -y --no-install-recommends tcsh >/dev/null 2>&1"
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
SERVICE = "useradd --create-home --shell /bin/bash svc"
DOTTED = "useradd -m -s /bin/bash --badname svc.ansible 2>/dev/null || useradd -m -s /bin/bash --badnames svc.ansible"
NEW = ("made the account", "put the key", "let")


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


@dataclass(frozen=True)
class Outcome:
    """What two runs said of a host."""

    words: str
    steps: tuple[str, ...]
    touched: bool
    harm: str
    second: str
    third: str

    def hold_for(self, case: Case) -> None:
        """Whether it is what the case says."""
        assert [text for text in case.says if text not in self.words] == [], self.words
        assert bool(case.says) == bool(self.words), self.words
        assert [step for step, start in zip(self.steps, case.steps, strict=False) if not step.startswith(start)] == []
        assert len(self.steps) == len(case.steps), self.steps
        assert self.touched == bool(case.steps), "refused, and yet something was changed"
        assert self.harm == ""
        if case.mend or not case.says:
            assert self.second == "", "what was advised does not help"
            assert self.third == "", "a further run does not find it ready"


def played(
    request: pytest.FixtureRequest, temporary: pytest.TempPathFactory, images: Mapping[Suite, str]
) -> dict[tuple[str, int], Outcome]:
    """The chosen cases of a file of tests, in rounds: one bootstrap for all their hosts, the mending, two more."""
    mine = [item for item in request.session.items if item.path == request.path]
    chosen = {item.callspec.params["case"].name: item.callspec.params["case"] for item in mine}  # type: ignore[attr-defined]
    came: dict[tuple[str, int], Outcome] = {}
    waiting = list(chosen.values())
    most = min(AT_ONCE, len(waiting))
    folder = temporary.mktemp("lab")
    spec = LabSpec(id=f"boots{os.getpid()}", debian12=most, debian13=most, images=images, directory=folder)
    with labs.up(spec, raise_inotify_limit=True) as lab:
        with ThreadPoolExecutor() as pool:
            ready = list(pool.map(lambda host: lab.exec(host.name, f"{READY}; {KEEP}"), lab.hosts))
        assert {answer.returncode for answer in ready} == {0}
        while waiting:
            batch, waiting = waiting[:most], waiting[most:]
            names = [f"deb{release}-{number}" for number in range(1, len(batch) + 1) for release in (12, 13)]
            came.update(_played(Project(temporary.mktemp("project"), lab, tuple(names)), batch))
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
