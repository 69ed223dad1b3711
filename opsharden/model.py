"""The words of the house as frozen values. No input, no output, no imports of ours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import IntEnum, StrEnum
from functools import cached_property
from hashlib import sha256
from pathlib import Path

from pydantic import SecretStr


def utcnow() -> datetime:
    """Now, in UTC and aware of it: every time we keep is."""
    return datetime.now(UTC)


class ExitCode(IntEnum):
    """What a verb's result means to a shell script."""

    CLEAN = 0
    ERROR = 1
    USAGE = 2
    FINDINGS = 3
    INCOMPLETE = 4


class Severity(StrEnum):
    """How much a failing control matters, weakest first."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """0 for low up to 3 for critical."""
        return list(Severity).index(self)


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


class Risk(StrEnum):
    """What applying a control can do to a host that is in use."""

    NONE = "none"
    LOCKOUT_OR_OUTAGE = "lockout-or-outage"


@dataclass(frozen=True, slots=True)
class Control:
    """One requirement on a host.

    Attributes:
        id: Stable, lower-case, area first: `ssh-no-root`.
        title: The state required, one sentence.
        why: What goes wrong without it, one or two sentences.
        severity: How much a failure matters.
        role: The role that owns it: its folder's name.
        level: 1 or 2 as in the CIS benchmarks; 0 where no benchmark has it.
        risk: What applying it can do to a host in use.
        references: Catalogue name to the numbers in it.
    """

    id: str
    title: str
    why: str
    severity: Severity
    role: str
    level: int = 0
    risk: Risk = Risk.NONE
    references: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Profile:
    """A named list of control ids, in the order they are reported."""

    name: str
    title: str
    controls: tuple[str, ...]
    values: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Host:
    """One host of the inventory and how to reach it.

    Attributes:
        name: Its inventory name: the stable asset id in all evidence.
        address: What to connect to; the name where the inventory says nothing else.
        port: TCP port of sshd.
        user: Whom to log in as; None leaves it to ssh.
        connection: `ssh` or `local`.
        key_file: The private key to offer; None leaves it to the agent and ssh's defaults.
        password: The login password, where the inventory has one.
        become: Whether to become another user, as `become_user` and `become_method` say.
        become_password: What will be asked for then, if anything is.
        become_method: The name of Ansible's become plugin.
        become_user: Whom to become.
        become_exe: The program that does it; empty leaves it to the method.
        become_flags: What that program is given; None leaves it to the method.
        ssh_args: Ansible's extra ssh arguments, as one string (`-o ProxyJump=...`).
        groups: The inventory groups it is in.
        ssh_client: `auto`, `paramiko`, `openssh`, or the program to call as OpenSSH's `ssh`.
    """

    name: str
    address: str
    port: int = 22
    user: str | None = None
    connection: str = "ssh"
    key_file: Path | None = None
    password: SecretStr | None = None
    become: bool = True
    become_password: SecretStr | None = None
    ssh_args: str = ""
    groups: tuple[str, ...] = ()
    ssh_client: str = "auto"
    become_method: str = "sudo"
    become_user: str = "root"
    become_exe: str = ""
    become_flags: str | None = None


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

    @cached_property
    def digest(self) -> str:
        """SHA-256 over command and answer, hex: equal answers of equal hosts are stored once."""
        whole = sha256()
        how = b"%d" % self.truncated + (b" native" if self.native else b"")
        for part in (self.command.encode(), str(self.rc).encode(), self.stdout, self.stderr, how):
            whole.update(b"%d:" % len(part))
            whole.update(part)
        return whole.hexdigest()


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


class HostStatus(StrEnum):
    """What became of a targeted host: targeted = tested + unreachable + excluded."""

    TESTED = "tested"
    UNREACHABLE = "unreachable"
    EXCLUDED = "excluded"


@dataclass(frozen=True, slots=True)
class Member:
    """One host in the population of a run.

    Attributes:
        host: Inventory name.
        status: What became of it.
        reason: Why it was not looked at, for people; may name the host and where it was looked for.
        cause: The same without what only this host has (name, address, port, key), so equal for all hosts it is so for;
            empty where the reason has none of that.
        controls: Ids of the controls that were to be looked at; only where the host was not, since findings say it
            otherwise. Each of them counts as unreachable.
    """

    host: str
    status: HostStatus
    reason: str = ""
    cause: str = ""
    controls: tuple[str, ...] = ()


class RunState(StrEnum):
    """Where a run is; the last three are final."""

    RUNNING = "running"
    COMPLETE = "complete"
    INTERRUPTED = "interrupted"
    FAILED = "failed"


class ChangeStatus(StrEnum):
    """What one Ansible task did on one host."""

    OK = "ok"
    CHANGED = "changed"
    FAILED = "failed"
    UNREACHABLE = "unreachable"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Change:
    """One task of an apply on one host that changed something or failed.

    Attributes:
        host: Inventory name.
        role: The role the task is of.
        task: Its name.
        status: changed, failed or unreachable; ok and skipped are counted, not kept.
        message: What Ansible said, where it failed.
    """

    host: str
    role: str
    task: str
    status: ChangeStatus
    message: str = ""


@dataclass(frozen=True, slots=True)
class Run:
    """One execution of a verb.

    Attributes:
        id: Sortable by time: `20261124-143055-7f3a`.
        verb: verify, apply, bootstrap.
        state: Where it is.
        started_at: UTC.
        ended_at: UTC, None while running or when it died.
        operator: Login name of who ran it on the control node.
        control_node: Its host name.
        command: The command line, without secrets.
        version: opsharden's version.
        inventory_digest: SHA-256 over the inventory as resolved (names and connection, no secrets).
        content_digest: SHA-256 over the roles, checks and profiles used.
        profiles: Names of the profiles asked for.
        exit_code: What the verb came to, None while running.
        parent: For a verify that is part of an apply, the apply's run id.
    """

    id: str
    verb: str
    state: RunState
    started_at: datetime
    operator: str
    control_node: str
    command: str
    version: str
    inventory_digest: str = ""
    content_digest: str = ""
    profiles: tuple[str, ...] = ()
    ended_at: datetime | None = None
    exit_code: int | None = None
    parent: str | None = None


@dataclass(frozen=True, slots=True)
class RunRecord:
    """A run with all it left behind: what reports are made of.

    A host that was not looked at has no findings: its member says why, and which controls nobody looked at.
    `observations` maps a digest to its observation; it is empty where the record was loaded without them.
    """

    run: Run
    members: tuple[Member, ...]
    findings: Sequence[Finding]
    changes: tuple[Change, ...]
    controls: Mapping[str, Control]
    observations: Mapping[str, Observation] = field(default_factory=dict)
