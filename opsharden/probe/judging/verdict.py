"""What an exception that ends a check means: a judgement of the host, a skip, or that nobody could look, and why."""

from __future__ import annotations

import traceback
from pathlib import Path

import pytest
import testinfra

from opsharden.errors import OpshardenError
from opsharden.model import Verdict
from opsharden.probe.judging.checks import Check
from opsharden.probe.judging.comparison import Comparison
from opsharden.probe.judging.telling import cut, plain
from opsharden.visible import quoted

_TESTINFRA = Path(testinfra.__file__).parent


def verdict_of(check: Check, error: BaseException, watched: Comparison) -> tuple[Verdict, str]:
    """The verdict and its reason. What was compared counts only where the check judged by it.

    Args:
        check: The check that raised it.
        error: What it raised; a `HostError` is for the caller to judge.
        watched: What the check compared.
    """
    if isinstance(error, AssertionError) and check.judges(error):
        return Verdict.FAIL, watched.failed(error)
    watched.forget()
    if isinstance(error, pytest.fail.Exception):
        return Verdict.FAIL, cut(plain(str(error)))
    # unittest's own is known by its name: it is loaded by checks that use it, and by nobody else.
    if isinstance(error, pytest.skip.Exception) or type(error).__name__ == "SkipTest":
        return Verdict.NOT_APPLICABLE, cut(plain(str(error)))
    if isinstance(error, OpshardenError):
        return Verdict.ERROR, f"{error.message} {error.advice}".strip()
    return Verdict.ERROR, _broken(check, error)


def _broken(check: Check, error: BaseException) -> str:
    """The sentence for what no check should raise, stable from run to run."""
    frames = traceback.extract_tb(error.__traceback__)
    last = Path(frames[-1].filename)
    said = quoted(plain(str(error)))
    if last.is_relative_to(_TESTINFRA):
        return _testinfras(error, said, last.stem)
    if isinstance(error, KeyError):
        return f"The check asks for {said}, which the host or the inventory does not have."
    if isinstance(error, AssertionError):
        return f"The check could not look: {said or 'an assertion of a library it uses does not hold'}."
    own = [frame for frame in frames if check.holds(frame.filename)]
    where = f" ({Path(own[-1].filename).name} line {own[-1].lineno})" if own else ""
    return f"The check itself broke: {type(error).__name__}{f': {said}' if said else ''}{where}."


def _testinfras(error: BaseException, said: str, module: str) -> str:
    if isinstance(error, NotImplementedError):
        return f"The check could not look: testinfra cannot tell anything about a {module} on such a system."
    if isinstance(error, RuntimeError | AssertionError) and said:
        return f"The check could not look: {said}."
    return (
        f"The check could not look: testinfra does not understand what the host says about a {module} "
        f"({type(error).__name__}{f': {said}' if said else ''})."
    )
