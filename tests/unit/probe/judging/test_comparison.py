from __future__ import annotations

import ast
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from opsharden.model import Mismatch
from opsharden.probe.judging import comparison


def test_mismatches_are_told_in_lines() -> None:
    mismatches = [
        Mismatch("PermitRootLogin for Match User backup", "yes", "no", "/etc/ssh/x.conf:3", "A Match block is yours."),
        Mismatch("PermitRootLogin", "yes", "no"),
    ]
    watched = comparison.watch()
    comparison.compared("==", mismatches, [])
    watched.held("mismatches == []")
    told = watched.observed, watched.expected, watched.by_hand
    assert told == (
        "PermitRootLogin for Match User backup: yes (/etc/ssh/x.conf:3)\nPermitRootLogin: yes",
        "PermitRootLogin for Match User backup: no\nPermitRootLogin: no",
        "A Match block is yours.",
    )


def test_an_assertion_that_compares_nothing_is_told_as_it_is_written() -> None:
    watched = comparison.watch()
    comparison.compared("==", 1, 1)
    watched.held("first == 1")
    watched.held("host.file('/x').exists")
    told = watched.observed, watched.expected
    assert told == ("so", "host.file('/x').exists")


def test_the_words_of_a_check_are_told_as_it_says_them() -> None:
    watched = comparison.watch()
    with pytest.raises(AssertionError) as caught:
        raise AssertionError("/var is 81 %% full\nassert 81 < 80")  # what pytest makes of "/var is 81 % full"
    assert watched.failed(caught.value) == "/var is 81 % full"


def test_other_threads_and_no_check_at_all_are_no_trouble() -> None:
    comparison._here.__dict__.clear()
    assert comparison.compared("==", 1, 2) is None
    comparison.held(1, "", "")


def test_sources_are_parsed_by_one_thread_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    busy, together, parse = threading.Lock(), [], ast.parse

    def watched(text: str, *more: Any, **named: Any) -> Any:
        free = busy.acquire(blocking=False)
        together.append(not free)
        time.sleep(0.01)
        if free:
            busy.release()
        return parse(text, *more, **named)

    monkeypatch.setattr(ast, "parse", watched)
    checks = [tmp_path / f"test_{number}.py" for number in range(8)]
    for path in checks:
        path.write_text(f"assert {path.stem} == 1\n")
    with ThreadPoolExecutor(len(checks)) as pool:
        found = list(pool.map(lambda path: comparison._assertion(str(path), 1), checks))
    assert found == [f"{path.stem} == 1" for path in checks]
    assert together == [False] * len(checks)
