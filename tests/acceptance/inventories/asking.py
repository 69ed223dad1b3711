"""What a user is told of an inventory, and who would be looked at. No host is reached: all of it comes before that."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from opsharden.errors import OpshardenError
from opsharden.model import HostStatus

SECRET = "hunter2"
OK = "ansible_connection: local, ansible_become: false"
LOOKED = (0, 3, 4)
"""Exit codes where it came to a look; what this machine answers, a container for one, is not the point."""

ONE = f"web: {{hosts: {{ok: {{{OK}}}}}}}\n"


@dataclass
class Heard:
    """What a user would be told, and who would be looked at."""

    warnings: list[str] = field(default_factory=list)
    error: OpshardenError | None = None
    tested: set[str] = field(default_factory=set)
    left_out: dict[str, tuple[HostStatus, str]] = field(default_factory=dict)

    @property
    def text(self) -> str:
        reasons = (reason for _, reason in self.left_out.values())
        error = f"{self.error.message} {self.error.advice}" if self.error else ""
        return "\n".join((*self.warnings, *reasons, error))


Ask = Callable[..., Heard]


def called(
    folder: Path, files: Mapping[str, str | bytes], *arguments: str, **environment: str
) -> subprocess.CompletedProcess[str]:
    """The program itself, for what Ansible reads when it is loaded."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    words = arguments or ("verify", "-i", "h.yml", "--control", "ssh-grace")
    done = subprocess.run(
        [sys.executable, "-m", "opsharden", *words],
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert "mistake in opsharden" not in done.stderr
    assert SECRET not in done.stdout + done.stderr
    return done
