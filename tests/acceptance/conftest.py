"""A project of one's own for each test that bends one, over the session's bootstrapped hosts."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def own(project: Any, tmp_path: Path) -> Any:
    """A copy of the bootstrapped project, without evidence."""
    path = tmp_path / "own"
    shutil.copytree(project.path, path, ignore=shutil.ignore_patterns(".opsharden"))
    return replace(project, path=path)
