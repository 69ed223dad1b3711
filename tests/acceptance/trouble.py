"""A host in trouble and a healthy one beside it, verified together, and what an honest verify says of the two."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

CONNECT, COMMAND, HOST = 5.0, 5.0, 60.0
LIMITS = {
    "OPSHARDEN_CONNECT_TIMEOUT": str(CONNECT),
    "OPSHARDEN_COMMAND_TIMEOUT": str(COMMAND),
    "OPSHARDEN_HOST_TIMEOUT": str(HOST),
}
LATEST = 3 * CONNECT + COMMAND + HOST + COMMAND + 10 + 15
"""Seconds a run may take at the most: connection, handshake and login, sudo, the checks, one more command that began
in time with ten seconds of patience for its answer, and our own start and end."""

# Between pytest and opsharden stands a small process: a child's peak memory counts from that of its parent.
_MEASURED = f"""
import resource, subprocess, sys
code = subprocess.call([sys.executable, "-m", "opsharden", *sys.argv[1:]], timeout={LATEST * 2})
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, file=sys.stderr)
sys.exit(code)
"""

_CHECK = """
def test_{name}(host, asset):
    if asset != {bad!r}:
        pytest.skip("this is for another host")
    done = host.run({command!r})
    assert {claim}
"""

Told = tuple[str, str, str]
"""Verdict, observed, expected: all of a finding that does not change from run to run."""


@dataclass(frozen=True)
class Seen:
    """One verify, as its caller saw it.

    Attributes:
        code: Its exit code.
        seconds: How long it took.
        memory: The most it had, MiB.
        record: Its JSON.
    """

    code: int
    seconds: float
    memory: float
    record: dict[str, Any]

    def findings(self, host: str) -> dict[str, dict[str, Any]]:
        """A host's findings by control."""
        return {finding["control"]: finding for finding in self.record["findings"] if finding["host"] == host}

    def told(self, host: str) -> dict[str, Told]:
        """What was found on a host, by control."""
        return {
            control: (finding["verdict"], finding["observed"], finding["expected"])
            for control, finding in self.findings(host).items()
        }

    def member(self, host: str) -> dict[str, str]:
        """How a host stands in the run's population."""
        return next(member for member in self.record["population"]["members"] if member["host"] == host)

    def observed(self, control: str, host: str) -> list[dict[str, Any]]:
        """The observations behind one finding."""
        return [self.record["observations"][digest] for digest in self.findings(host)[control]["observations"]]


def verify(project: Any, *arguments: Any) -> Seen:
    """Verify all hosts. Whatever happens: in bounded time, without a traceback, and what is told is on file."""
    began = os.times().elapsed
    done = subprocess.run(
        [sys.executable, "-c", _MEASURED, "verify", "-o", "json", *map(str, arguments)],
        cwd=project.path,
        env={**os.environ, **LIMITS},
        capture_output=True,
        text=True,
        check=False,
    )
    seconds = os.times().elapsed - began
    assert "Traceback" not in done.stdout + done.stderr, done.stderr
    assert done.stdout, done.stderr
    assert seconds < LATEST
    record = json.loads(done.stdout)
    assert record["run"]["state"] == "complete"
    assert record["run"]["exit_code"] == done.returncode
    assert json.loads(project.run("runs", "show", "latest", "-o", "json").stdout) == record
    return Seen(done.returncode, seconds, int(done.stderr.split()[-1]) / 1024, record)


@dataclass(frozen=True)
class Trouble:
    """A project, the host of it that gets into trouble, and one that does not.

    Attributes:
        project: A project of the test's own.
        bad: The host in trouble.
        good: The healthy one.
        healthy: A verify of both without any trouble.
        undo: What puts the host back, called at the end.
    """

    project: Any
    bad: str
    good: str
    healthy: Seen
    undo: ExitStack

    def make(self, script: str, *, undo: str) -> None:
        """Break the host with a script, run there as root; `undo` puts it back, also where the script half worked."""
        self.undo.callback(self.project.exec, self.bad, undo)
        self.project.exec(self.bad, f"set -e\n{script}")

    def replace(self, program: str, script: str) -> None:
        """Put a script in the place of a program that checks ask for."""
        path = f"/usr/local/bin/{program}"
        self.make(f"cat > {path} <<'END'\n#!/bin/sh\n{script}\nEND\nchmod +x {path}", undo=f"rm -f {path}")

    def check(self, name: str, command: str, claim: str = "done.rc == 0") -> str:
        """Add a check of the user's own for this host, and give its control.

        Args:
            name: Its name.
            command: What it runs.
            claim: What it asserts of `done`, the command's result.
        """
        folder = self.project.path / "checks"
        file = folder / "test_trouble.py"
        if not folder.exists():
            folder.mkdir()
            file.write_text("import pytest\n")
            settings = self.project.path / "opsharden.toml"
            settings.write_text(settings.read_text() + 'checks = ["checks"]\n')
        text = _CHECK.format(name=name, bad=self.bad, command=command, claim=claim)
        file.write_text(file.read_text() + "\n" + text)
        return f"own-trouble-{name}"

    def verify(self, *arguments: Any) -> Seen:
        """Verify both hosts; the healthy one is found as it is without the trouble."""
        seen = verify(self.project, *arguments)
        assert self._moved(seen, self.good) == {}
        assert seen.member(self.good)["status"] == "tested"
        return seen

    def unmoved(self, seen: Seen) -> None:
        """The trouble changes nothing in what is found on the host."""
        moved = self._moved(seen, self.bad)
        assert moved == {}, moved
        assert seen.code == self.healthy.code
        assert seen.member(self.bad)["status"] == "tested"

    def unseen(self, seen: Seen, *words: str) -> None:
        """Nobody could look at the host: it is one row that stands for its controls, and its reason has these words."""
        assert seen.findings(self.bad) == {}
        member = seen.member(self.bad)
        assert member["status"] == "unreachable"
        for word in words:
            assert word in member["reason"], member["reason"]
        (group,) = seen.record["population"]["not_looked_at"]
        assert group["hosts"] == [self.bad]
        assert self.bad not in group["cause"]
        assert set(group["controls"]) >= self.healthy.findings(self.bad).keys()
        assert seen.record["summary"]["by_host"][self.bad]["verdicts"]["unreachable"] == len(group["controls"])
        assert seen.code == 4

    def unjudged(self, seen: Seen, *words: str) -> set[str]:
        """The controls that could not be judged, each an error with these words; all others are as ever."""
        findings = seen.findings(self.bad)
        assert findings.keys() >= self.healthy.findings(self.bad).keys()
        errors = {control for control, finding in findings.items() if finding["verdict"] == "error"}
        assert self._moved(seen, self.bad).keys() <= errors, self._moved(seen, self.bad)
        for control in errors:
            reason, told = findings[control]["reason"], seen.told(self.bad)[control]
            assert told == ("error", "", ""), (control, told)
            assert all(word in reason for word in words), reason
        assert seen.code == (4 if errors else self.healthy.code)
        return errors

    def _moved(self, seen: Seen, host: str) -> dict[str, tuple[Told | None, Told]]:
        """Where a host is not found as ever: now and then, by control."""
        now = seen.told(host)
        return {
            control: (now.get(control), was)
            for control, was in self.healthy.told(host).items()
            if now.get(control) != was
        }
