"""Whatever ends a check, judged from recorded answers: a sentence, and the same one for the same cause."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from opsharden.model import Finding, Observation, Verdict, utcnow
from opsharden.probe import RecordedTransport, Recorder, Subject, judge
from opsharden.probe.judging.checks import collect

Judge = Callable[..., Finding]
LINUX = {"uname -s": (0, "Linux\n", ""), "uname -m": (0, "x86_64\n", ""), "cat /etc/os-release": (0, "ID=debian\n", "")}


@pytest.fixture
def judged(tmp_path: Path) -> Judge:
    """Judges one check, given the body of its function, by what a host answered."""

    def run(body: str, answers: dict[str, tuple[int, str, str]], signature: str = "host, values") -> Finding:
        indented = body.replace("\n", "\n    ")
        (tmp_path / "test_web.py").write_text(f"import pytest\n\n\ndef test_it({signature}):\n    {indented}\n")
        seen = [
            Observation("web1", command, rc, out.encode(), err.encode(), utcnow(), 0.0)
            for command, (rc, out, err) in answers.items()
        ]
        subject = Subject("web1", Recorder(RecordedTransport("web1", seen)), {"known": 1}, lambda name: None, 1e18)  # type: ignore[arg-type, return-value]
        return judge(collect([tmp_path]), subject)[0]

    return run


NO_SYSTEMD = {
    **LINUX,
    "test -d /run/systemd/system/": (1, "", ""),
    "command -v command": (0, "command\n", ""),
    "command -v systemctl": (127, "", ""),
    "command -v initctl": (127, "", ""),
    "command -v rc-service": (127, "", ""),
    "command -v service": (127, "", ""),
    "command -v /sbin/service": (127, "", ""),
    "command -v /usr/sbin/service": (127, "", ""),
}


@pytest.mark.parametrize(
    ("body", "answers", "reason"),
    [
        (
            "host.check_output('sudo -V')",
            {"sudo -V": (127, "", "sh: 1: sudo: not found\n")},
            "`sudo -V` could not be asked: sudo is not installed (exit 127).",
        ),
        (
            "host.run_test('systemctl is-enabled %s', 'x y')",
            {"systemctl is-enabled 'x y'": (4, "", "Failed to connect to bus: no\n")},
            "`systemctl is-enabled 'x y'` could not be asked: systemd does not answer there (exit 4).",
        ),
        ("host.service('x').is_running", NO_SYSTEMD, "service is not installed there, and testinfra needs it to look."),
        (
            "with host.sudo('web'):\n    host.run('id')",
            {"sudo -u web /bin/sh -c id": (1, "", "sudo: a password is required\n")},
            "`sudo -u web /bin/sh -c id` could not be asked: sudo: a password is required (exit 1).",
        ),
        (
            "host.user('x').uid",
            {**LINUX, "id -u x": (0, "no number\n", "")},
            "The check could not look: testinfra does not understand what the host says about a user "
            "(ValueError: invalid literal for int() with base 10: 'no number').",
        ),
        (
            "host.package('x').is_installed",
            {"uname -s": (0, "Plan9\n", ""), "uname -m": (0, "mips\n", "")},
            None,
        ),
        (
            "host.process.get(comm='x')",
            {**LINUX, "command -v ps": (0, "/bin/ps\n", ""), "readlink -f /bin/ps": (0, "/bin/ps\n", "")},
            None,
        ),
        ("values['gone']", {}, "The check asks for 'gone', which the host or the inventory does not have."),
        (
            "raise ValueError(host)",
            {},
            "The check itself broke: ValueError: <testinfra.host.Host opsharden://web1> (test_web.py line 5).",
        ),
        ("raise ValueError(host.backend)", {}, "The check itself broke: ValueError: <host web1> (test_web.py line 5)."),
        ("raise TypeError(object())", {}, "The check itself broke: TypeError: <object object> (test_web.py line 5)."),
        ("import sys; sys.exit(0)", {}, "The check itself broke: SystemExit: 0 (test_web.py line 5)."),
        ("raise RuntimeError", {}, "The check itself broke: RuntimeError (test_web.py line 5)."),
        (
            "raise RuntimeError(host.run('x'))",
            {"x": (2, "", "x: no\n")},
            "The check itself broke: RuntimeError: `x` (x: no (exit 2)) (test_web.py line 5).",
        ),
    ],
)
def test_who_could_not_look_says_why(
    judged: Judge, body: str, answers: dict[str, tuple[int, str, str]], reason: str | None
) -> None:
    found = judged(body, answers)
    assert (found.verdict, found.observed, found.expected) == (Verdict.ERROR, "", "")
    assert not re.search(r"0x[0-9a-f]{6}|CommandResult|\n", found.reason)
    if reason is not None:
        assert found.reason == reason
    assert found.reason == judged(body, answers).reason
    # The same where pytest itself has to run it.
    through_pytest = judged(body, answers, signature="host, values, request")
    assert (through_pytest.verdict, through_pytest.reason) == (Verdict.ERROR, found.reason)


@pytest.mark.parametrize("signature", ["host", "host, request"])
@pytest.mark.parametrize(
    ("body", "observed", "expected", "reason"),
    [
        ("assert host.check_output('x') == 'two'", "one", "two", ""),
        ("assert host.run('x').rc == 3, 'x is odd'", "0", "3", "x is odd"),
        ("assert host.file('/gone').exists", "not so", "host.file('/gone').exists", ""),
        ("assert host.run('x') is None", "`x` (exit 0)", "nothing", ""),
        ("assert host.run('x') == host.backend", "`x` (exit 0)", "<host web1>", ""),
        ("assert host == 1", "<testinfra.host.Host opsharden://web1>", "1", ""),
        ("assert not host.run('x').succeeded, 'it works'", "", "", "it works"),
        ("assert 1 == 1\nassert host.file('/gone').exists", "not so", "host.file('/gone').exists", ""),
        ("assert 1 == 1\npytest.fail('no')", "", "", "no"),
        ("assert 1 == 1\nraise AssertionError('no')", "", "", "no"),
        ("assert {'a': 1, 'b': 2} == {'a': 1}", "b: 2", "b: not there", ""),
    ],
)
def test_a_failure_is_told_in_lines_for_people(
    judged: Judge, signature: str, body: str, observed: str, expected: str, reason: str
) -> None:
    found = judged(body, {**LINUX, "x": (0, "one\n", ""), "test -e /gone": (1, "", "")}, signature)
    assert (found.verdict, found.observed, found.expected, found.reason) == (Verdict.FAIL, observed, expected, reason)


@pytest.mark.parametrize("signature", ["host", "host, request"])
@pytest.mark.parametrize("body", ["pytest.skip('no cron')", "import unittest; raise unittest.SkipTest('no cron')"])
def test_a_skip_is_not_applicable(judged: Judge, signature: str, body: str) -> None:
    found = judged(body, {}, signature)
    assert (found.verdict, found.reason) == (Verdict.NOT_APPLICABLE, "no cron")


@pytest.mark.parametrize("how", ["pytest.fail", "pytest.skip", "raise ValueError", "assert False, str"])
def test_a_reason_is_never_more_than_a_page(judged: Judge, how: str) -> None:
    found = judged(f"{how}('line\\n' * 1_000_000)", {})
    assert len(found.reason) < 2200
    assert len(found.observed) + len(found.expected) < 4400


def test_a_check_that_holds_is_told_the_same_way(judged: Judge) -> None:
    found = judged("assert host.check_output('x') == 'one'", {"x": (0, "one\n", "")})
    assert (found.verdict, found.observed, found.expected) == (Verdict.PASS, "one", "one")
