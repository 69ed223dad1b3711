"""Records to make reports from."""

from __future__ import annotations

import pytest

from opsharden.model import RunRecord
from tests.unit.report import sample


@pytest.fixture(scope="session")
def record() -> RunRecord:
    return sample.record()
