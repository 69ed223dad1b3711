import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from opsharden import lab
from opsharden.cli.lab import app
from opsharden.errors import LabError, UsageError
from opsharden.lab.image import Recipe

pytestmark = pytest.mark.lab


def podman(*arguments: str) -> str:
    return subprocess.run(["podman", *arguments], capture_output=True, text=True, check=True).stdout.strip()


def traces(lab_id: str) -> list[str]:
    """Every container and network of a lab, and everything that has its name."""
    containers = podman("ps", "--all", "--format", "{{.Names}} {{.Labels}}").splitlines()
    networks = podman("network", "ls", "--format", "{{.Name}} {{.Labels}}").splitlines()
    return [line for line in (*containers, *networks) if lab_id in line]


def single(lab_id: str, home: Path) -> lab.LabSpec:
    return lab.LabSpec(lab_id, debian12=1, debian13=0, directory=home)


@pytest.fixture
def image(here: lab.Lab) -> str:
    """The image of the Debian 12 hosts; it is there, because `here` runs."""
    return Recipe(here.host("deb12-1").suite).name


@pytest.fixture
def stranger(lab_id: str, image: str) -> Iterator[str]:
    """A container that is not ours and has the name of our host."""
    name = f"opsharden-{lab_id}-deb12-1"
    podman("create", "--name", name, image, "true")
    yield name
    podman("rm", "--force", name)


def test_up_again_leaves_running_hosts_as_they_are(here: lab.Lab) -> None:
    def born() -> dict[str, str]:
        return {
            host.name: podman("inspect", "--format", "{{.Id}} {{.State.StartedAt}}", host.container)
            for host in here.hosts
        }

    before, shadow = born(), here.exec("hub", "cat /etc/shadow").stdout
    again = lab.up(lab.LabSpec(here.id, hub=True, directory=here.home))
    assert again == here
    assert born() == before
    assert here.exec("hub", "cat /etc/shadow").stdout == shadow


def test_up_again_starts_what_was_stopped_and_makes_what_is_missing(lab_id: str, tmp_path: Path) -> None:
    first = lab.up(single(lab_id, tmp_path))
    key = (first.home / "fingerprints").read_text()
    podman("stop", "--time", "0", first.host("deb12-1").container)
    assert not lab.find(lab_id).host("deb12-1").running
    second = lab.up(lab.LabSpec(lab_id, debian12=2, debian13=0, directory=tmp_path))
    assert [(host.name, host.running) for host in second.hosts] == [("deb12-1", True), ("deb12-2", True)]
    assert second.host("deb12-1").address == first.host("deb12-1").address
    assert (second.home / "fingerprints").read_text().startswith(key)


def test_down_leaves_nothing(lab_id: str, tmp_path: Path) -> None:
    home = tmp_path / "lab"
    here = lab.up(single(lab_id, home))
    assert traces(lab_id)
    assert home.exists()
    here.down()
    assert traces(lab_id) == []
    assert not home.exists()
    with pytest.raises(UsageError, match="There is no lab"):
        here.down()


def test_a_run_that_was_killed_is_picked_up_and_cleaned_up(lab_id: str, tmp_path: Path) -> None:
    home = tmp_path / ".opsharden" / "lab" / lab_id
    code = f"from opsharden import lab; lab.up(lab.LabSpec({lab_id!r}, 2, 0))"
    run = subprocess.Popen([sys.executable, "-c", code], cwd=tmp_path)
    while len(traces(lab_id)) < 2:  # its network and a first host
        assert run.poll() is None
        time.sleep(0.05)
    run.kill()
    run.wait()
    assert not (home / "inventory").exists()
    up = lab.up(lab.LabSpec(lab_id, 2, 0, directory=home))
    assert [host.running for host in up.hosts] == [True, True]
    up.down()
    assert traces(lab_id) == []
    assert not home.exists()


def test_an_interrupted_run_takes_back_what_it_started(lab_id: str, tmp_path: Path) -> None:
    home = tmp_path / ".opsharden" / "lab" / lab_id
    code = f"from opsharden import lab; lab.up(lab.LabSpec({lab_id!r}, 2, 0))"
    run = subprocess.Popen(
        [sys.executable, "-c", code], cwd=tmp_path, stderr=subprocess.DEVNULL, start_new_session=True
    )
    while len(traces(lab_id)) < 2:
        assert run.poll() is None
        time.sleep(0.05)
    os.killpg(run.pid, signal.SIGINT)  # what a terminal does on Ctrl-C
    assert run.wait(timeout=120) != 0
    assert traces(lab_id) == []
    assert not home.exists()


def test_a_container_that_is_not_ours_is_left_alone(lab_id: str, tmp_path: Path, stranger: str) -> None:
    home = tmp_path / "lab"
    with pytest.raises(LabError, match="container with the name of a lab host") as caught:
        lab.up(single(lab_id, home))
    assert "another id" in caught.value.advice
    assert [line.split()[0] for line in traces(lab_id)] == [stranger]
    assert not home.exists()


def test_a_host_that_cannot_be_set_up_is_explained_and_taken_away(lab_id: str, tmp_path: Path, image: str) -> None:
    broken = f"localhost/opsharden-{lab_id}:broken"
    (tmp_path / "nothing").touch()
    (tmp_path / "Containerfile").write_text(f"FROM {image}\nCOPY nothing /sbin/init\n")
    podman("build", "--quiet", "--tag", broken, str(tmp_path))
    home = tmp_path / "lab"
    spec = lab.LabSpec(lab_id, 1, 0, images={lab.Suite.BOOKWORM: broken}, directory=home)
    try:
        with pytest.raises(LabError, match="Host deb12-1 could not be set up") as caught:
            lab.up(spec)
    finally:
        podman("rmi", broken)
    assert "systemd" in caught.value.advice
    assert traces(lab_id) == []
    assert not home.exists()


def test_an_image_of_the_user_is_used(lab_id: str, tmp_path: Path, image: str) -> None:
    own = f"localhost/opsharden-{lab_id}:own"
    podman("tag", image, own)
    try:
        with lab.up(lab.LabSpec(lab_id, 1, 0, images={lab.Suite.BOOKWORM: own}, directory=tmp_path)) as up:
            assert podman("inspect", "--format", "{{.ImageName}}", up.host("deb12-1").container) == own
    finally:
        podman("untag", image, own)


def test_an_image_that_is_nowhere_is_said(lab_id: str, tmp_path: Path) -> None:
    spec = lab.LabSpec(
        lab_id, 1, 0, images={lab.Suite.BOOKWORM: f"localhost/{lab_id}:none"}, directory=tmp_path / "lab"
    )
    with pytest.raises(LabError, match="`podman pull` failed"):
        lab.up(spec)
    assert traces(lab_id) == []
    assert not (tmp_path / "lab").exists()


def test_one_lab_has_one_directory(here: lab.Lab, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=f"its files are in {here.home}"):
        lab.up(lab.LabSpec(here.id, hub=True, directory=tmp_path))
    assert list(tmp_path.iterdir()) == []


def test_the_command_line_lists_the_lab(here: lab.Lab) -> None:
    result = CliRunner().invoke(app, ["list", "--json"])
    (listed,) = [entry for entry in json.loads(result.stdout) if entry["id"] == here.id]
    assert listed["directory"] == str(here.home)
    assert [(host["name"], host["state"]) for host in listed["hosts"]] == [
        ("deb12-1", "running"),
        ("deb13-1", "running"),
        ("hub", "running"),
    ]
