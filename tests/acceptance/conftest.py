"""A project of one's own for each test that bends one, over the session's bootstrapped hosts."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.trouble import Seen, Trouble, verify


@pytest.fixture
def own(project: Any, tmp_path: Path) -> Any:
    """A copy of the bootstrapped project, without evidence."""
    path = tmp_path / "own"
    shutil.copytree(project.path, path, ignore=shutil.ignore_patterns(".opsharden"))
    return replace(project, path=path)


@pytest.fixture(scope="module")
def untroubled(project: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A copy of the bootstrapped project, for looking at the hosts before anything happens to them."""
    path = tmp_path_factory.mktemp("untroubled") / "project"
    shutil.copytree(project.path, path, ignore=shutil.ignore_patterns(".opsharden"))
    return replace(project, path=path)


@pytest.fixture(scope="module")
def healthy(untroubled: Any) -> Iterator[Seen]:
    """What is found on the hosts before anything happens to them; and when all is over, they are as they were."""
    seen = verify(untroubled)
    verdicts = {finding["verdict"] for finding in seen.record["findings"]}
    # Both are needed: on a host where all is well a fault could turn nothing into a pass.
    assert {"pass", "fail"} <= verdicts <= {"pass", "fail", "not_applicable"}
    yield seen
    after = verify(untroubled)
    assert [after.told(host) for host in untroubled.names] == [seen.told(host) for host in untroubled.names]


@pytest.fixture
def trouble(untroubled: Any, healthy: Seen, tmp_path: Path) -> Iterator[Trouble]:
    """A host to break, put back at the end, and a healthy one, in a project that has verified both before."""
    path = shutil.copytree(untroubled.path, tmp_path / "own")
    (bad, good) = untroubled.names
    with ExitStack() as undo:
        yield Trouble(replace(untroubled, path=path), bad, good, healthy, undo)
