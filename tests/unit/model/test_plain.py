from __future__ import annotations

from types import MappingProxyType

from opsharden.model import Change, ChangeStatus, Control, Severity
from opsharden.model.plain import plain


def test_values_are_taken_field_by_field() -> None:
    assert plain(Change("web1", "ssh", "Write", ChangeStatus.FAILED)) == {
        "host": "web1",
        "role": "ssh",
        "task": "Write",
        "status": "failed",
        "message": "",
    }


def test_what_is_inside_is_plain_too() -> None:
    control = Control("a-b", "t", "w", Severity.HIGH, "r", references=MappingProxyType({"cis": ("1", "2")}))
    (found,) = plain((control,))
    assert found["references"] == {"cis": ["1", "2"]}
    assert [type(found[name]) for name in ("severity", "references")] == [str, dict]
