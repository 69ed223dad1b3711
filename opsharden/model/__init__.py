"""The words of the house as frozen values, by subject. No input, no output."""

from opsharden.model.catalogue import Control, Limit, Profile, Risk, Severity, control_of
from opsharden.model.clock import utcnow
from opsharden.model.findings import Finding, Mismatch, Observation, Verdict
from opsharden.model.fleet import Host, HostStatus, Member
from opsharden.model.runs import Change, ChangeStatus, ExitCode, Run, RunRecord, RunState, Trigger, TriggerKind

__all__ = [
    "Change",
    "ChangeStatus",
    "Control",
    "ExitCode",
    "Finding",
    "Host",
    "HostStatus",
    "Limit",
    "Member",
    "Mismatch",
    "Observation",
    "Profile",
    "Risk",
    "Run",
    "RunRecord",
    "RunState",
    "Severity",
    "Trigger",
    "TriggerKind",
    "Verdict",
    "control_of",
    "utcnow",
]
