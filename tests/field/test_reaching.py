"""Hosts as they are in the field: odd shells, files that wait, answers without end. One thing is lost, no more."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest

from tests.conftest import Project


@pytest.fixture(params=["deb12-1", "deb13-1"])
def host(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@contextmanager
def as_it_is(project: Project, host: str, done: str, undone: str) -> Iterator[None]:
    project.exec(host, done)
    try:
        yield
    finally:
        project.exec(host, undone)


def verdicts(project: Project, host: str, **env: str) -> dict[str, Mapping[str, Any]]:
    seen = project.run("verify", host, "-o", "json", env=env)
    return {found["control"]: found for found in json.loads(seen.stdout)["findings"]}


@pytest.mark.parametrize("shell", ["tcsh", "fish", "zsh", "dash"])
def test_any_login_shell(project: Project, host: str, shell: str) -> None:
    before = {control: found["verdict"] for control, found in verdicts(project, host).items()}
    install = f"apt-get -qq update && apt-get -qq install -y --no-install-recommends {shell}"
    noise = "for f in .cshrc .zshrc .config/fish/config.fish; do mkdir -p $(dirname ~opsharden/$f); "
    noise += "echo 'echo noise' > ~opsharden/$f; done"
    with as_it_is(
        project,
        host,
        f"({install}) >/dev/null 2>&1; {noise}; usermod --shell $(command -v {shell}) opsharden",
        "usermod --shell /bin/bash opsharden; rm -rf ~opsharden/.cshrc ~opsharden/.zshrc ~opsharden/.config",
    ):
        after = {control: found["verdict"] for control, found in verdicts(project, host).items()}
    assert after == before


@pytest.mark.parametrize(
    ("path", "thing", "lost"),
    [
        ("/etc/issue", "mkfifo /etc/issue", {"ban-texts"}),
        ("/etc/issue", "ln -s /dev/zero /etc/issue", {"ban-texts"}),
        ("/etc/issue", "mkdir /etc/issue", set()),
        ("/etc/issue", "printf 'caf\\351\\033[2J' > /etc/issue", set()),
    ],
)
def test_a_file_that_waits_costs_its_own_controls(
    project: Project, host: str, path: str, thing: str, lost: set[str]
) -> None:
    before = {control for control, found in verdicts(project, host).items() if found["verdict"] == "error"}
    with as_it_is(project, host, f"mv {path} {path}.kept; {thing}", f"rm -rf {path}; mv {path}.kept {path}"):
        found = verdicts(project, host, OPSHARDEN_COMMAND_TIMEOUT="5")
    errors = {control for control, seen in found.items() if seen["verdict"] == "error"}
    assert errors - before == lost
    assert all("\x1b" not in seen["reason"] for seen in found.values())


def test_a_program_that_is_not_there_is_named(project: Project, host: str) -> None:
    """In a sentence that is the same from run to run."""
    with as_it_is(project, host, "mv /usr/bin/systemctl /usr/bin/gone", "mv /usr/bin/gone /usr/bin/systemctl"):
        first, second = (
            {control: seen["reason"] for control, seen in verdicts(project, host).items() if seen["verdict"] == "error"}
            for _ in range(2)
        )
    assert first == second
    assert any("systemctl is not installed (exit 127)" in reason for reason in first.values())
    assert not any("0x" in reason or "CommandResult" in reason for reason in first.values())
