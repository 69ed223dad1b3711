from pathlib import Path

import pytest

from opsharden.errors import InventoryError
from opsharden.inventory.patterns import limits, names_nobody


def test_a_limit_may_be_a_file(tmp_path: Path) -> None:
    (tmp_path / "hosts").write_text("a\n\n b \nc,d\n!e\n")
    assert limits(f"@{tmp_path / 'hosts'},f") == ("a", "b", "c", "d", "!e", "f")


@pytest.mark.parametrize("limit", ["", " ", ",", "@FILE", "@FILE,@FILE"])
def test_what_names_nobody_means_everybody(tmp_path: Path, limit: str) -> None:
    (tmp_path / "empty").write_text("\n  \n")
    found = names_nobody("all", limit.replace("FILE", str(tmp_path / "empty")))
    assert found is not None
    assert found.endswith("names no host, which means all hosts.")


@pytest.mark.parametrize("limit", [None, "a", "!a", "@FILE,a"])
def test_what_names_somebody(tmp_path: Path, limit: str | None) -> None:
    (tmp_path / "empty").write_text("")
    assert names_nobody("all", limit and limit.replace("FILE", str(tmp_path / "empty"))) is None


def test_an_empty_pattern() -> None:
    assert names_nobody(" ", None) == "The pattern is empty, which means all hosts."


def test_a_file_that_is_not_there() -> None:
    with pytest.raises(InventoryError, match="No such file"):
        limits("@/nowhere")
