from __future__ import annotations

import pytest

from opsharden.model.parts import apart, joined


@pytest.mark.parametrize("parts", [[], [b""], [b"a", b"", b"3:x", b"\0\xff"], [b"1" * 1000]])
def test_parts_come_back(parts: list[bytes]) -> None:
    assert apart(joined(parts)) == parts


def test_parts_cannot_be_moved_into_each_other() -> None:
    assert joined([b"ab", b"c"]) != joined([b"a", b"bc"])


@pytest.mark.parametrize("whole", [b"x", b"3:ab", b"-1:", b" 1:a", b"01:a", b"1:a1", b"+1:a", b"1:a-2:"])
def test_what_is_no_work_of_ours_is_refused(whole: bytes) -> None:
    with pytest.raises(ValueError):
        apart(whole)
