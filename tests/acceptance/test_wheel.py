"""The wheel in an empty environment: content travels inside, and the verbs work from a project folder."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import venv
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs of an environment with nothing in it but our wheel and what it needs."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    subprocess.run(build, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    venv.create(folder / "venv", with_pip=True)
    pip = [str(folder / "venv/bin/pip"), "install", "--quiet", "--disable-pip-version-check"]
    # The versions we test with, without the hashes: an extra pin beside a hashed one is an error to pip.
    pins = [line.rstrip(" \\") for line in (ROOT / "requirements.lock").read_text().splitlines() if "==" in line]
    (folder / "pins").write_text("\n".join(pins))
    subprocess.run([*pip, "--constraint", folder / "pins", wheel], check=True)
    return folder / "venv/bin"


def run(bin_folder: Path, folder: Path, *arguments: str) -> Any:
    env = {"PATH": os.environ["PATH"], "HOME": str(folder)}
    program = bin_folder / "opsharden"
    return subprocess.run([program, *arguments], cwd=folder, env=env, capture_output=True, text=True, check=False)


def test_a_project_from_the_wheel(installed: Path, tmp_path: Path) -> None:
    made = run(installed, tmp_path, "init", "ops")
    assert made.returncode == 0, made.stderr
    key = tmp_path / "ops" / "keys" / "automation"
    assert key.stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "ops" / "inventory" / "hosts.yml").is_file()
    again = run(installed, tmp_path, "init", "ops")
    assert "nothing was changed" in again.stderr


def test_the_content_is_inside(installed: Path, tmp_path: Path) -> None:
    controls = json.loads(run(installed, tmp_path, "controls", "list", "-o", "json").stdout)
    assert {"ssh-no-root", "bkp-fresh", "mon-data-arrives"} <= {control["id"] for control in controls}


def test_the_playbook_of_the_wheel_finds_its_roles_from_anywhere(installed: Path, tmp_path: Path) -> None:
    content = run(installed, tmp_path, "content").stdout.strip()
    site = f"{content}/playbooks/site.yml"
    env = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "LC_ALL": "C.UTF-8"}
    program = [str(installed / "ansible-playbook"), "-i", "web1,", site, "--list-tasks"]
    listed = subprocess.run(program, cwd=tmp_path, env=env, capture_output=True, text=True, check=False)
    assert listed.returncode == 0, listed.stderr
    assert "ssh : " in listed.stdout
    assert "backup : " in listed.stdout


def test_the_version_is_said(installed: Path, tmp_path: Path) -> None:
    assert run(installed, tmp_path, "--version").stdout.startswith("opsharden ")


def test_this_machine_is_verified_within_seconds_and_without_an_inventory(installed: Path, tmp_path: Path) -> None:
    done = run(installed, tmp_path, "verify", "localhost", "-o", "json")
    assert done.returncode in (3, 4), done.stderr
    record = json.loads(done.stdout)
    assert {finding["host"] for finding in record["findings"]} == {"localhost"}
    assert any(finding["verdict"] in ("pass", "fail") for finding in record["findings"])


def test_a_new_control_is_filled_in_and_judged(installed: Path, tmp_path: Path) -> None:
    """The guide's two minutes: a blank entry is no pass anywhere, and what it is filled in with is judged."""
    run(installed, tmp_path, "init", ".")
    (tmp_path / "inventory/hosts.yml").write_text("all: {hosts: {here: {ansible_connection: local}}}\n")
    made = run(installed, tmp_path, "controls", "new", "house-pids", "--kind", "sysctl")
    assert made.returncode == 0, made.stderr
    needed = made.stderr.partition("put the line ")[2].partition(" into opsharden.toml")[0]
    with (tmp_path / "opsharden.toml").open("a") as file:
        file.write(f"{needed}\n")
    entries = tmp_path / "roles/own/controls.yml"
    blank = entries.read_text()

    def judged(want: str = "") -> Any:
        entries.write_text(blank.replace("fill.in: {exactly: 1}", want) if want else blank)
        done = run(installed, tmp_path, "verify", "--control", "house-pids", "-o", "json")
        assert done.returncode in (0, 3, 4), done.stderr
        (finding,) = json.loads(done.stdout)["findings"]
        return finding["host"], finding["role"], finding["verdict"]

    assert judged() == ("here", "own", "error")
    assert judged("kernel.pid_max: {at_most: 1}") == ("here", "own", "fail")
    assert judged("kernel.pid_max: {at_least: 2}") == ("here", "own", "pass")  # systemd sets it at boot
    listed = run(installed, tmp_path, "controls", "list", "--role", "own", "--kind", "sysctl", "-o", "json").stdout
    assert [each["want"] for each in json.loads(listed)] == [{"kernel.pid_max": {"at_least": 2}}]
