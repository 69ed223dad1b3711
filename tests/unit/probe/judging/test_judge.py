"""Checks of every kind, judged on this machine: what is a failure, what is an error, what is not applicable."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from opsharden.errors import CatalogueError, TimedOut, TransportBroken, Unreachable
from opsharden.model import Finding, Host, Observation, Verdict, utcnow
from opsharden.probe.backend import Recorder
from opsharden.probe.judging.checks import collect
from opsharden.probe.judging.judge import Subject, judge
from opsharden.probe.transports.local import open_local
from opsharden.probe.transports.transport import Answer, Patience

HERE = Host("here", "localhost", connection="local", become=False)

Judge = Callable[..., dict[str, Finding]]


@pytest.fixture
def judged(tmp_path: Path) -> Judge:
    """Judges the checks in a text on this machine; findings by control."""

    def run(text: str, **subject: Any) -> dict[str, Finding]:
        (tmp_path / "test_web.py").write_text("import pytest\n" + text)
        transport = open_local(HERE, Patience(10, 10, 60))
        transport.is_root = subject.pop("root", True)
        recorder = subject.pop("recorder", None) or Recorder(transport)
        given = {"values": {}, "peer": lambda name: None, "deadline": time.monotonic() + 60, **subject}
        try:
            return {f.control: f for f in judge(collect([tmp_path]), Subject("here", recorder, **given))}
        finally:
            transport.close()

    return run


def test_an_assertion_of_the_check_is_a_failure_with_observed_and_expected(judged: Judge) -> None:
    found = judged('def test_shell(host):\n    assert host.check_output("echo sh") == "bash"\n')["own-web-shell"]
    assert (found.verdict, found.observed, found.expected) == (Verdict.FAIL, "sh", "bash")
    assert len(found.observations) == 1


def test_a_pass_says_what_was_observed_too(judged: Judge) -> None:
    found = judged('def test_shell(host):\n    assert host.check_output("echo sh") == "sh"\n')["own-web-shell"]
    assert found.verdict is Verdict.PASS
    assert "sh" in found.observed
    assert len(found.observations) == 1


def test_a_command_that_failed_is_an_error_and_no_failure_of_the_host(judged: Judge) -> None:
    text = 'def test_it(host):\n    assert host.check_output("echo no >&2; exit 3") == ""\n'
    found = judged(text)["own-web-it"]
    assert found.verdict is Verdict.ERROR
    assert "exit 3" in found.reason
    assert "no" in found.reason


def test_a_skip_is_not_applicable_with_its_reason(judged: Judge) -> None:
    found = judged('def test_it(host):\n    pytest.skip("no cron here")\n')["own-web-it"]
    assert (found.verdict, found.reason) == (Verdict.NOT_APPLICABLE, "no cron here")


@pytest.mark.parametrize("body", ["raise RuntimeError('boom')", "values['nowhere']", "int('x')"])
def test_a_check_that_breaks_is_an_error(judged: Judge, body: str) -> None:
    assert judged(f"def test_it(host, values):\n    {body}\n")["own-web-it"].verdict is Verdict.ERROR


def test_parameters_of_one_control_make_one_finding_and_the_worst_counts(judged: Judge) -> None:
    text = (
        '@pytest.mark.parametrize("name", ["root", "nobody-here"])\n'
        '@pytest.mark.control("usr-there", root=False)\n'
        "def test_user(host, name):\n    assert host.user(name).exists\n"
    )
    assert judged(text)["usr-there"].verdict is Verdict.FAIL


def test_fixtures_of_the_folder_are_called_and_closed(judged: Judge, tmp_path: Path) -> None:
    text = (
        "@pytest.fixture\ndef uid(host):\n"
        f"    yield host.check_output('id -u')\n    open({str(tmp_path / 'closed')!r}, 'w').close()\n"
        "def test_it(uid):\n    assert uid.isdigit()\n"
    )
    assert judged(text)["own-web-it"].verdict is Verdict.PASS
    assert (tmp_path / "closed").exists()


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("def test_it(host, request, tmp_path):\n    assert host.check_output('echo x') == 'x'\n", Verdict.PASS),
        ("def test_it(host, request):\n    assert host.check_output('echo x') == 'y'\n", Verdict.FAIL),
        ("def test_it(host, request):\n    host.check_output('false')\n", Verdict.ERROR),
        (
            "class TestIt:\n    def test_it(self, host):\n        assert host.check_output('echo x') == 'y'\n",
            Verdict.FAIL,
        ),
        ("@pytest.mark.skipif(True, reason='not here')\ndef test_it(host):\n    assert 0\n", Verdict.NOT_APPLICABLE),
        ("@pytest.mark.xfail\ndef test_it(host):\n    assert 0\n", Verdict.FAIL),
    ],
)
def test_what_needs_more_of_pytest_goes_through_pytest_and_looks_at_the_same_host(
    judged: Judge, text: str, verdict: Verdict
) -> None:
    transport = Scripted({"echo x": b"x\n"})
    found = judged(text, recorder=Recorder(transport))["own-web-it"]
    assert found.verdict is verdict, found
    if "echo x" in text:
        assert transport.asked == ["echo x"], "this machine itself must not have been looked at"


def test_a_check_that_needs_root_does_not_guess_without(judged: Judge) -> None:
    text = '@pytest.mark.control("a-b")\ndef test_it(host):\n    assert True\n'
    assert judged(text, root=False)["a-b"].verdict is Verdict.ERROR


def test_a_lost_connection_is_an_error_for_this_check_and_all_that_follow(judged: Judge) -> None:
    transport = Scripted({"one": b""}, then=TransportBroken("The connection was lost in the middle."))
    text = "".join(f"def test_{name}(host):\n    host.run('{name}')\n" for name in ("one", "two", "three"))
    found = judged(text, recorder=Recorder(transport))
    assert [found[f"own-web-{name}"].verdict for name in ("one", "two", "three")] == [
        Verdict.PASS,
        Verdict.ERROR,
        Verdict.ERROR,
    ]
    assert "lost in the middle" in found["own-web-three"].reason
    assert transport.asked == ["one", "two"]


def test_a_command_that_takes_too_long_is_an_error_of_that_check_alone(judged: Judge) -> None:
    transport = Scripted({"one": b""}, late=("slow",))
    text = "".join(f"def test_{name}(host):\n    host.run('{name}')\n" for name in ("slow", "one"))
    found = judged(text, recorder=Recorder(transport))
    assert (found["own-web-slow"].verdict, found["own-web-one"].verdict) == (Verdict.ERROR, Verdict.PASS)


def test_a_peer_that_cannot_be_reached_is_an_error_of_that_check_alone(judged: Judge) -> None:
    def unreachable(name: str) -> Recorder:
        raise Unreachable(f"{name} does not answer.")

    text = "def test_far(host, peer):\n    peer('hub').run('x')\ndef test_near(host):\n    host.run('one')\n"
    found = judged(text, recorder=Recorder(Scripted({"one": b""})), peer=unreachable)
    assert (found["own-web-far"].verdict, found["own-web-near"].verdict) == (Verdict.ERROR, Verdict.PASS)
    assert "hub does not answer" in found["own-web-far"].reason


def test_what_a_peer_said_is_among_the_observations(judged: Judge) -> None:
    far = Recorder(Scripted({"up": b"1\n"}, host="hub"))
    text = "def test_far(host, peer):\n    assert peer('hub').check_output('up') == '1'\n"
    found = judged(text, recorder=Recorder(Scripted({})), peer=lambda name: far)
    assert found["own-web-far"].observations == tuple(seen.digest for seen in far.observations)


def test_the_same_question_is_asked_once_for_all_checks(judged: Judge) -> None:
    transport = Scripted({"one": b"1"})
    text = "".join(f"def test_{n}(host):\n    assert host.check_output('one') == '1'\n" for n in ("a", "b"))
    found = judged(text, recorder=Recorder(transport))
    assert transport.asked == ["one"]
    assert found["own-web-a"].observations == found["own-web-b"].observations != ()


def test_when_the_time_of_a_host_is_over_the_rest_is_not_looked_at(judged: Judge) -> None:
    found = judged("def test_it(host):\n    assert True\n", deadline=time.monotonic() - 1)["own-web-it"]
    assert found.verdict is Verdict.ERROR


def test_output_that_is_not_utf8_does_not_end_a_check(judged: Judge) -> None:
    text = "def test_it(host):\n    assert host.check_output('name') == 'caf\\\\xe9'\n"
    found = judged(text, recorder=Recorder(Scripted({"name": b"caf\xe9\n"})))
    assert found["own-web-it"].verdict is Verdict.PASS, found


def test_a_file_of_checks_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "test_web.py").write_text("import nowhere_to_be_found\n")
    with pytest.raises(CatalogueError, match="nowhere_to_be_found"):
        collect([tmp_path])


@dataclass
class Scripted:
    """A transport for faults that cannot be caused at the right moment for real: known answers, then an error."""

    answers: Mapping[str, bytes]
    then: Exception | None = None
    host: str = "here"
    late: tuple[str, ...] = ()
    is_root: bool = True
    platform: str = ""
    asked: list[str] = field(default_factory=list)

    def exchange(self, commands: Sequence[str]) -> Iterator[tuple[str, Answer]]:
        for command in commands:
            self.asked.append(command)
            if command in self.late:
                yield command, TimedOut(f"{command} took too long.")
            elif command not in self.answers and self.then is not None:
                raise self.then
            else:
                known = command in self.answers
                answer = (0 if known else 1, self.answers.get(command, b""), b"")
                yield command, Observation(self.host, command, *answer, utcnow(), 0.0)

    def close(self) -> None:
        pass
