import stat
import subprocess
from pathlib import Path

import pytest

from opsharden.errors import LabError
from opsharden.lab import image
from opsharden.lab.image import Recipe
from opsharden.lab.spec import Suite

pytestmark = pytest.mark.lab


def images() -> set[str]:
    answer = subprocess.run(["podman", "images", "--quiet", "--all"], capture_output=True, text=True, check=True)
    return set(answer.stdout.split())


@pytest.mark.parametrize("written", ["", "head --bytes=3000 /dev/zero;"])
def test_a_build_that_fails_is_explained_and_leaves_no_image(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, written: str
) -> None:
    # Stands in for a mirror that is down, which we cannot take down for real.
    program = tmp_path / "mmdebstrap"
    program.write_text(f"#!/bin/sh\n{written} echo 'I: installing...' >&2; echo 'E: no archive today' >&2; exit 1\n")
    program.chmod(stat.S_IRWXU)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    before = images()
    with pytest.raises(LabError, match="mmdebstrap said: E: no archive today") as caught:
        image.build(Recipe(Suite.TRIXIE, python=False))
    assert "apt-get update" in caught.value.advice
    assert images() - before == set()


def test_what_cannot_be_built_is_said() -> None:
    class Unknown(Recipe):
        name = "localhost/opsharden-lab-never:none"  # a recipe that has no image yet

    with pytest.raises(LabError, match="mmdebstrap, which builds the lab's images, is not installed"):
        image.provide([Unknown(Suite.TRIXIE)], builds=False, say=print)
