import os
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from opsharden import lab


def new_id() -> str:
    """A lab id that no other run of the tests has."""
    return f"test-{secrets.token_hex(3)}"


def removed(lab_id: str) -> Iterator[str]:
    """Hand out a lab id; whatever is there under it at the end goes."""
    yield lab_id
    if lab_id in {here.id for here in lab.labs()}:
        lab.down(lab_id)


@pytest.fixture(scope="session", autouse=True)
def able() -> None:
    """Say at once, and not once a test, that this machine runs no lab."""
    assert os.geteuid() == 0 and shutil.which("podman"), "tests marked `lab` need root and podman; deselect them"


@pytest.fixture
def lab_id() -> Iterator[str]:
    """The id of a lab that a test makes itself."""
    yield from removed(new_id())


@pytest.fixture(scope="session")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[lab.Lab]:
    """One Debian 12 host, one Debian 13 host and a hub, for tests that do not harm them."""
    home: Path = tmp_path_factory.mktemp("lab")
    with lab.up(lab.LabSpec(id=new_id(), hub=True, directory=home)) as up:
        yield up
