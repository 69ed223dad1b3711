from __future__ import annotations

from opsharden.model import Severity


def test_severities_are_ordered() -> None:
    assert [severity.rank for severity in Severity] == [0, 1, 2, 3]
