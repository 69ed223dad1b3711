"""A way to run a role's module here."""

from __future__ import annotations

import json
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from ansible.module_utils import basic

from tests.unit.roles.loading import Run


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a module's `main` as Ansible does, in check mode or not; what it says."""

    def play(module: ModuleType, check: bool = False, **arguments: Any) -> dict[str, Any]:
        # What it leaves there goes with the test's own folder, and not again when pytest ends.
        kept = {"_ansible_remote_tmp": str(tmp_path), "_ansible_keep_remote_files": True}
        given = {**arguments, "_ansible_check_mode": check, **kept}
        monkeypatch.setattr(basic, "_ANSIBLE_ARGS", json.dumps({"ANSIBLE_MODULE_ARGS": given}).encode())
        monkeypatch.setattr(basic, "_ANSIBLE_PROFILE", "legacy", raising=False)
        capsys.readouterr()
        with pytest.raises(SystemExit):
            module.main()
        said: dict[str, Any] = json.loads(capsys.readouterr().out)
        return said

    return play
