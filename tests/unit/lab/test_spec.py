from pathlib import Path

import pytest

from opsharden.errors import UsageError
from opsharden.lab.spec import MAX_HOSTS, LabSpec, Suite


def test_hosts_are_named_after_their_release() -> None:
    spec = LabSpec(debian12=2, debian13=1, hub=True)
    assert [(host.name, host.suite) for host in spec.hosts] == [
        ("deb12-1", Suite.BOOKWORM),
        ("deb12-2", Suite.BOOKWORM),
        ("deb13-1", Suite.TRIXIE),
        ("hub", Suite.BOOKWORM),
    ]


def test_the_first_hosts_of_each_suite_come_without_python_but_never_the_hub() -> None:
    spec = LabSpec(debian12=2, debian13=2, hub=True, without_python=1)
    assert [host.name for host in spec.hosts if not host.python] == ["deb12-1", "deb13-1"]


def test_home_is_absolute_and_named_after_the_lab(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    assert LabSpec(id="x").home == tmp_path / ".opsharden" / "lab" / "x"
    assert LabSpec(id="x", directory=Path("there")).home == tmp_path / "there"


@pytest.mark.parametrize("lab_id", ["", "-a", "a-", "A", "a_b", "a/b", "../a", "a b", "--all", "a" * 33])
def test_an_id_that_cannot_be_in_a_host_name_is_refused(lab_id: str) -> None:
    with pytest.raises(UsageError, match="cannot be the id of a lab"):
        LabSpec(id=lab_id)


@pytest.mark.parametrize("lab_id", ["a", "7", "demo", "test-3f", "a" * 32])
def test_other_ids_are_taken(lab_id: str) -> None:
    assert LabSpec(id=lab_id).id == lab_id


@pytest.mark.parametrize(("debian12", "debian13"), [(0, 0), (MAX_HOSTS, 1)])
def test_a_lab_has_hosts_but_not_more_than_its_network(debian12: int, debian13: int) -> None:
    with pytest.raises(UsageError, match=f"A lab has 1 to {MAX_HOSTS} hosts"):
        LabSpec(debian12=debian12, debian13=debian13)


def test_fewer_than_zero_hosts_are_refused() -> None:
    with pytest.raises(UsageError, match="fewer than zero"):
        LabSpec(debian12=-1, debian13=3)
