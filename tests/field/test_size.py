"""Reports of ten thousand hosts, out of reach and tested: their size, and the memory they take. No lab is needed."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from opsharden.evidence import Store
from opsharden.model import Finding, HostStatus, Member, RunState, Verdict
from opsharden.report import FORMATS
from tests.unit.report import sample

HOSTS = 10_000
MIB = 1 << 20
NAMES = [f"node{number:05}.example.org" for number in range(HOSTS)]
CONTROLS = sample.controls()

# Runs the command and says on the last line of stderr how much memory it had at most, in KiB.
_MEASURED = """
import atexit, resource, sys
atexit.register(lambda: print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, file=sys.stderr))
from opsharden.cli.main import run
run()
"""


def measured(folder: Path, *arguments: str) -> tuple[subprocess.CompletedProcess[str], float]:
    """A command, and the most memory it had: MiB."""
    done = subprocess.run(
        [sys.executable, "-c", _MEASURED, *arguments],
        cwd=folder,
        env={**os.environ, "COLUMNS": "100"},
        capture_output=True,
        text=True,
        check=False,
    )
    return done, int(done.stderr.split()[-1]) / 1024


def filed(folder: Path, host: Callable[[Store, str, int], None]) -> None:
    """A store with one run of all hosts."""
    with Store.open(folder / ".opsharden" / "evidence.db") as store:
        run = store.begin(sample.run(state=RunState.RUNNING, ended_at=None, exit_code=None))
        store.add_controls(run.id, CONTROLS.values())
        store.add_members(run.id, [Member(name, HostStatus.TESTED) for name in NAMES])
        with ThreadPoolExecutor(20) as pool:
            list(pool.map(lambda number: host(store, run.id, number), range(HOSTS)))
        store.finish(run.id, RunState.COMPLETE, 4, sample.START)


def lost(store: Store, run: str, number: int) -> None:
    """A host that refuses."""
    where = f"10.{number // 65536}.{number // 256 % 256}.{number % 256} port 22"
    why = f"{NAMES[number]} cannot be reached at {where}: connection refused. Is the host up?"
    cause = "The host cannot be reached at its address: connection refused. Is the host up?"
    store.add_host(run, Member(NAMES[number], HostStatus.UNREACHABLE, why, cause, tuple(CONTROLS)), (), ())


def tested(store: Store, run: str, number: int) -> None:
    """A host with a verdict on each control, and answers that are partly its own."""
    seen, findings = [sample.observation(NAMES[number], "hostname", NAMES[number].encode())], []
    for place, control in enumerate(CONTROLS):
        fails = (number * 7 + place * 13) % 17 == 0
        seen.append(sample.observation(NAMES[number], f"cat /etc/{control}.conf", b"yes\n" if fails else b"no\n"))
        verdict = Verdict.FAIL if fails else Verdict.PASS
        finding = Finding(NAMES[number], control, verdict, "yes" if fails else "no", "no", "", (seen[-1].digest,))
        findings.append(replace(finding, seconds=0.01))
    store.add_host(run, Member(NAMES[number], HostStatus.TESTED), findings, seen)


tested.__test__ = False  # type: ignore[attr-defined]  # pytest takes it for a test by its name


@pytest.mark.timeout(900)
@pytest.mark.parametrize(("host", "largest"), [(lost, 20), (tested, 200)], ids=["refused", "tested"])
def test_a_report_does_not_need_more_memory_for_more_findings(
    tmp_path: Path, host: Callable[[Store, str, int], None], largest: int
) -> None:
    filed(tmp_path, host)
    for format in FORMATS:
        done, memory = measured(tmp_path, "runs", "show", f"--output={format}:out.{format}")
        assert done.returncode == 0, done.stderr[-2000:]
        assert memory < 250, format
        assert (tmp_path / f"out.{format}").stat().st_size < largest * MIB, format
