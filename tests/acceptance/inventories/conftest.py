"""Inventories laid out in a folder of the test."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from opsharden import settings
from opsharden.errors import OpshardenError
from opsharden.workflows.targets import Choice, choose
from opsharden.workflows.workplace import Access, open_workplace
from tests.acceptance.inventories.asking import SECRET, Ask, Heard


@pytest.fixture
def ask(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Ask:
    """Lay out files in a folder, and choose hosts there as verify does."""
    monkeypatch.chdir(tmp_path)

    def asked(files: Mapping[str, str | bytes], source: str = "", access: Access | None = None, **flags: Any) -> Heard:
        for name, text in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text if isinstance(text, bytes) else text.encode())
            if path.read_bytes().startswith(b"#!"):
                path.chmod(0o755)
        heard = Heard()
        try:
            found = settings.load(flags={"inventory": [source or next(iter(files))], **flags})
            place = open_workplace(found, access or Access(), heard.warnings.append)
            targets = choose(place, Choice(controls=("ssh-grace", "acc-umask", "time-source")))
            heard.tested = set(targets.wanted)
            heard.left_out = {each.host: (each.status, each.reason) for each in targets.excluded}
        except OpshardenError as error:
            heard.error = error
        assert SECRET not in heard.text
        assert heard.error is None or heard.error.exit_code == 2
        return heard

    return asked
