import os
import stat
from pathlib import Path

import pytest

from opsharden.lab import inventory, ownership


@pytest.mark.parametrize(
    ("environment", "root", "whose"),
    [
        ({"SUDO_UID": "1000", "SUDO_GID": "1001"}, True, (1000, 1001)),
        ({"SUDO_UID": "1000", "SUDO_GID": "1001"}, False, None),
        ({"SUDO_UID": "1000"}, True, None),
        ({"SUDO_UID": "anna", "SUDO_GID": "1001"}, True, None),
        ({}, True, None),
    ],
)
def test_who_called_sudo(environment: dict[str, str], root: bool, whose: tuple[int, int] | None) -> None:
    assert ownership.caller(environment, root=root) == whose


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_under_sudo_all_that_a_lab_writes_is_the_callers_and_secrets_stay_closed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SUDO_UID", "1000")
    monkeypatch.setenv("SUDO_GID", "1001")
    home = tmp_path / ".opsharden" / "lab" / "x"
    inventory.keep_password(home, new=True)
    inventory.write_inventory(home, [], {})
    owners = {(path.stat().st_uid, path.stat().st_gid) for path in (tmp_path / ".opsharden").rglob("*")}
    assert owners == {(1000, 1001)}
    assert (tmp_path / ".opsharden").stat().st_uid == 1000
    assert tmp_path.stat().st_uid == 0, "what was there stays as it was"
    assert stat.S_IMODE(inventory.password_file(home).stat().st_mode) == 0o600
