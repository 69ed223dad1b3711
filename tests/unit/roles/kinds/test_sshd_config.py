"""How the fix reads the files of sshd: as sshd itself does."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.roles.kinds.sshd_samples import LINES, MAIN
from tests.unit.roles.loading import module

CONFIG = module("kinds", "opsharden_sshd_config", "module_utils")


@pytest.mark.parametrize(("line", "value"), LINES)
def test_a_line_is_read_as_sshd_reads_it(line: str, value: str | None) -> None:
    keyword, words = CONFIG.split(line)
    assert (words[:1] if keyword else []) == ([value] if value else [])


def test_includes_are_followed_as_sshd_follows_them(tmp_path: Path) -> None:
    files = {
        MAIN: "Include b.d/*\nMaxAuthTries 5\nMatch User bob\nInclude /etc/ssh/one\nMatch all\nMaxAuthTries 7",
        "/etc/ssh/b.d/2": "MaxAuthTries 2",
        "/etc/ssh/b.d/1": "Match User al\nMaxAuthTries 1",
        "/etc/ssh/one": "Match all\nMaxAuthTries 9",
    }
    config = CONFIG.Files(MAIN, files)
    assert [(line.words, line.conditional) for line in config.lines() if line.keyword == "maxauthtries"] == [
        (["1"], True),
        (["2"], False),
        (["5"], False),
        (["9"], True),
        (["7"], False),
    ]
    assert config.deciding("maxauthtries").words == ["7"], "what stands in a Match block beats what does not"
    staged = Path(config.stage(str(tmp_path))).read_text()
    main = files[MAIN].splitlines()
    assert staged.splitlines()[1:] == [*main[1:3], f"Include {tmp_path}/2", *main[4:]]
    assert (tmp_path / "2").read_text() == files["/etc/ssh/one"]
