"""What hosts answered, and what that comes to."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from hashlib import sha256

from opsharden.model.parts import joined


class Verdict(StrEnum):
    """One control on one host in one run."""

    PASS = "pass"  # noqa: S105 - a verdict, not a password
    FAIL = "fail"
    NOT_APPLICABLE = "not_applicable"
    ERROR = "error"
    UNREACHABLE = "unreachable"

    @property
    def looked(self) -> bool:
        """Whether the host was really looked at: only then is the verdict knowledge about it."""
        return self in (Verdict.PASS, Verdict.FAIL, Verdict.NOT_APPLICABLE)


@dataclass(frozen=True)
class Observation:
    """One command run on one host, and all it said.

    Attributes:
        host: Inventory name of the host it ran on.
        command: The shell command as sent.
        rc: Its exit status.
        stdout: What it printed, raw.
        stderr: What it printed to stderr, raw.
        taken_at: When it was sent, UTC.
        seconds: How long the answer took.
        truncated: Whether output was cut because it was too large.
        native: Whether our helper answered in the command's place, reading the same from the kernel or a file itself.
        filed_as: Its digest, where it was read from evidence: in the format of its day, it may have another one.
    """

    host: str
    command: str
    rc: int
    stdout: bytes
    stderr: bytes
    taken_at: datetime
    seconds: float
    truncated: bool = False
    native: bool = False
    filed_as: str = field(default="", compare=False)

    @cached_property
    def digest(self) -> str:
        """SHA-256 over command and answer as they are filed, hex: equal answers of equal hosts are stored once."""
        return self.filed_as or sha256(self.content).hexdigest()

    @property
    def content(self) -> bytes:
        """Command and answer as they are filed: what is the same for equal hosts."""
        how = b"%d" % self.truncated + (b" native" if self.native else b"")
        command, rc = self.command.encode(), b"%d" % self.rc
        return joined((b"observation/2", command, rc, self.stdout, self.stderr, how))


@dataclass(frozen=True, slots=True)
class Mismatch:
    """One thing on a host that is not as it should be, in words a person reads. A check asserts that there is none.

    Attributes:
        what: The thing: a setting, a file, a package, a unit; with whom it is for, where not for all.
        found: What it is.
        wanted: What it should be.
        where: File and line that say so, as `path:line`, where they are known.
        by_hand: Why apply will not change it, and what the administrator can do; empty where apply will.
    """

    what: str
    found: str
    wanted: str
    where: str = ""
    by_hand: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """One control on one host: the verdict and what it stands on.

    Attributes:
        host: Inventory name.
        control: Control id.
        verdict: What came out.
        observed: What the host has, for people; empty where nothing could be observed.
        expected: What it should have, for people.
        reason: Why the verdict is not a plain pass: the check's own words, the skip reason, the error.
        observations: Digests of the observations the verdict stands on.
        seconds: How long the check took.
        by_hand: What apply leaves to the administrator: file, line and why; empty where apply can bring it about.
        by_apply: Whether apply brings about any of it; False where all of it is left to the administrator.
    """

    host: str
    control: str
    verdict: Verdict
    observed: str = ""
    expected: str = ""
    reason: str = ""
    observations: tuple[str, ...] = ()
    seconds: float = 0.0
    by_hand: str = ""
    by_apply: bool = True
