"""A run, from its start to what it leaves behind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum, StrEnum

from opsharden.model.catalogue import Control
from opsharden.model.findings import Finding, Observation
from opsharden.model.fleet import Member


class ExitCode(IntEnum):
    """What a verb's result means to a shell script."""

    CLEAN = 0
    ERROR = 1
    USAGE = 2
    FINDINGS = 3
    INCOMPLETE = 4


class RunState(StrEnum):
    """Where a run is; the last three are final."""

    RUNNING = "running"
    COMPLETE = "complete"
    INTERRUPTED = "interrupted"
    FAILED = "failed"


class TriggerKind(StrEnum):
    """What can make a run start."""

    PERSON = "person"
    SCHEDULE = "schedule"
    PAGE = "page"


@dataclass(frozen=True, slots=True)
class Trigger:
    """What made a run start. Whoever calls a workflow knows; the workflow does not ask.

    Attributes:
        kind: A person at a shell, a schedule, or a page.
        operator: Who stands behind it: a login name.
        command: What was called, without secrets.
        parent: The id of the run that it is a part of.
    """

    kind: TriggerKind
    operator: str
    command: str
    parent: str | None = None


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
        trigger: What made it start.
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
    trigger: TriggerKind = TriggerKind.PERSON


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
