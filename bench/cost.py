"""What running a command costs: time, CPU, memory; and both sides of a comparison run in turn."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from statistics import median

TIMEOUT = 3600.0
_LAUNCH = Path(__file__).with_name("launch.py")
# Whatever the user has set for these must not reach one side and not the other.
_NOT_INHERITED = ("ANSIBLE_", "OPSHARDEN_", "PYTEST_")


class BenchError(Exception):
    """A measurement that could not be taken; its text is the reason in the table."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What one command cost.

    Attributes:
        wall: Seconds from its start to its end.
        cpu: Seconds of CPU that it and its children used on this machine.
        peak: Most memory that it, or the largest of its children, had at once, in bytes.
        host_cpu: Seconds of CPU used inside the lab hosts; 0 where nobody looked.
    """

    wall: float
    cpu: float = 0.0
    peak: int = 0
    host_cpu: float = 0.0


def run(
    words: Sequence[str | Path],
    *,
    cwd: Path,
    env: Mapping[str, str] | None = None,
    ok: Sequence[int] = (0,),
) -> Cost:
    """Run a command to its end.

    Args:
        words: The command line.
        cwd: Where.
        env: Variables over ours.
        ok: Exit codes that are no failure.

    Raises:
        BenchError: It ended otherwise.
        TimeoutExpired: It did not end within an hour.
    """
    with tempfile.TemporaryDirectory(prefix="opsharden-bench-") as folder:
        said, report = Path(folder, "said"), Path(folder, "report")
        with said.open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, "-I", "-S", str(_LAUNCH), str(report), *map(str, words)],
                cwd=cwd,
                env={**environment(), **(env or {})},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
            try:
                code = process.wait(TIMEOUT)
            except BaseException:
                process.terminate()
                process.wait()
                raise
        if code not in ok:
            raise BenchError(f"`{_brief(words)}` ended with {code}: {_complaint(said)}")
        return Cost(**json.loads(report.read_text(encoding="utf-8")))


def at_once(
    commands: Mapping[str, Sequence[str]], inputs: Mapping[str, bytes], ok: Sequence[int] = (0,)
) -> tuple[Cost, dict[str, bytes]]:
    """Run commands all at the same time.

    Args:
        commands: By name, one for each host.
        inputs: What each reads, by the same names; nothing where there is none.
        ok: Exit codes that are no failure.

    Returns:
        The time until the last has ended, and what each printed, by name.

    Raises:
        BenchError: One ended otherwise.
        TimeoutExpired: One did not end within an hour.
    """

    def one(name: str) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            commands[name],
            input=inputs.get(name, b""),
            env=environment(),
            capture_output=True,
            timeout=TIMEOUT,
            check=False,
        )

    with ThreadPoolExecutor(len(commands)) as pool:
        began = time.monotonic()
        answers = dict(zip(commands, pool.map(one, commands), strict=True))
        wall = time.monotonic() - began
    for name, answer in answers.items():
        if answer.returncode not in ok:
            said = answer.stderr.decode(errors="replace").strip()[-300:]
            raise BenchError(f"`{_brief(commands[name])}` ended with {answer.returncode}: {said}")
    return Cost(wall), {name: answer.stdout for name, answer in answers.items()}


def in_turn(runs: int, *sides: Callable[[], Cost]) -> tuple[Cost, ...]:
    """Run the sides of a comparison in turn, A B A B, so that a busy minute of the machine hits both.

    Returns:
        For each side the medians.
    """
    rounds = [[side() for side in sides] for _ in range(runs)]
    return tuple(_middle(costs) for costs in zip(*rounds, strict=True))


def environment() -> dict[str, str]:
    """Our environment, without what would set up one of the sides."""
    return {name: value for name, value in os.environ.items() if not name.startswith(_NOT_INHERITED)}


def _middle(costs: Sequence[Cost]) -> Cost:
    return Cost(
        wall=median(cost.wall for cost in costs),
        cpu=median(cost.cpu for cost in costs),
        peak=int(median(cost.peak for cost in costs)),
        host_cpu=median(cost.host_cpu for cost in costs),
    )


def _brief(words: Sequence[str | Path]) -> str:
    line = " ".join(str(word) for word in words)
    return line if len(line) <= 120 else f"{line[:120]}…"


def _complaint(said: Path) -> str:
    text = said.read_text(encoding="utf-8", errors="replace")
    # Ansible goes on with the other hosts after a failure: the reason is far from the end.
    fatal = [line for line in text.splitlines() if line.startswith("fatal: ")]
    return " ".join((fatal[0] if fatal else text).split())[-400:]
