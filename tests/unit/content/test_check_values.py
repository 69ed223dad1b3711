"""What checks make of values in other shapes than the defaults have."""

from __future__ import annotations

from runpy import run_path

from opsharden.catalogue import roles_path
from opsharden.probe.reading.found import Found


def test_a_banner_that_is_empty_is_told_as_such() -> None:
    other_texts = run_path(str(roles_path() / "banner" / "checks" / "test_banner.py"))["other_texts"]

    shown = Found({"/etc/issue": "f"}, {}, {"/etc/issue": ((1, "Debian 12"),)})
    assert [each.wanted for each in other_texts(shown, "")] == ["the text of banner_text, which is empty"]
