"""Checks that use more of pytest than a plain call, run by pytest itself with our host in place of testinfra's."""

from __future__ import annotations

import contextlib
import io
import threading
from collections.abc import Mapping
from typing import Any

import pytest

from opsharden.errors import HostError
from opsharden.model import Verdict
from opsharden.probe.judging import comparison
from opsharden.probe.judging.checks import ARGUMENTS, Check, OnTheWay
from opsharden.probe.judging.comparison import Comparison
from opsharden.probe.judging.marker import Wants, declare_marker, once_for_each, want_of
from opsharden.probe.judging.telling import cut, plain
from opsharden.probe.judging.verdict import verdict_of
from opsharden.visible import quoted

_one_at_a_time = threading.Lock()  # a pytest session changes the whole process: streams, hooks, modules


class _Given:
    """A pytest plugin with our fixtures that keeps how the one test went."""

    def __init__(self, given: Mapping[str, Any], wants: Wants) -> None:
        self._given = given
        self._wants = wants
        self.reports: list[pytest.TestReport] = []
        self.raised: BaseException | None = None

    def pytest_configure(self, config: pytest.Config) -> None:
        declare_marker(config)

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        once_for_each(metafunc, self._wants)

    @pytest.fixture
    def host(self) -> Any:
        return self._given["host"]

    @pytest.fixture
    def values(self) -> Any:
        return self._given["values"]

    @pytest.fixture
    def asset(self) -> Any:
        return self._given["asset"]

    @pytest.fixture
    def peer(self) -> Any:
        return self._given["peer"]

    def pytest_assertrepr_compare(self, op: str, left: object, right: object) -> list[str] | None:
        said = comparison.compared(op, left, right)
        return [said] if said else None

    def pytest_assertion_pass(self, lineno: int, orig: str, expl: str) -> None:
        comparison.held(lineno, orig, expl)

    def pytest_exception_interact(self, call: pytest.CallInfo[Any]) -> None:
        if call.excinfo is not None:
            self.raised = call.excinfo.value

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.reports.append(report)


def run_through_pytest(check: Check, given: Mapping[str, Any], watched: Comparison) -> tuple[Verdict, str]:
    """Let pytest run one check.

    Args:
        check: The check.
        given: Our fixtures.
        watched: What the check compares.

    Returns:
        The verdict and the reason for it.

    Raises:
        HostError: The host was lost in the middle.
    """
    plugin = _Given(given, want_of(check.item))
    inside = check.item.nodeid.split("::", 1)[1]
    said = io.StringIO()
    with _one_at_a_time, contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        pytest.main([*ARGUMENTS, f"{check.item.path}::{inside}"], plugins=[plugin, OnTheWay([check.folder])])
    if isinstance(plugin.raised, HostError):
        raise plugin.raised
    return _verdict(check, plugin, watched, said.getvalue())


def _verdict(check: Check, plugin: _Given, watched: Comparison, said: str) -> tuple[Verdict, str]:
    if not plugin.reports:
        return Verdict.ERROR, f"pytest did not run the check: {quoted(said[-300:])}."
    for report in plugin.reports:
        if report.failed:
            if plugin.raised is None:
                return Verdict.ERROR, f"The check itself broke: {quoted(plain(report.longreprtext)[-300:])}."
            return verdict_of(check, plugin.raised, watched)
        if report.skipped:
            reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longreprtext
            return Verdict.NOT_APPLICABLE, cut(plain(str(reason).removeprefix("Skipped: ")))
    return Verdict.PASS, ""
