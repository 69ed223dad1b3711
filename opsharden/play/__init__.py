"""A play in, typed events out. The only importer of ansible_runner."""

from opsharden.play.environment import OWN_SSH, OWN_SSH_ARGS
from opsharden.play.events import HostBegan, HostCounts, HostResult, Notice, PlayEvent, Stats, TaskStarted
from opsharden.play.orphans import leftovers_command
from opsharden.play.outcome import UNKNOWN_END, PlayOutcome, PlayStatus
from opsharden.play.preparation import CONTROLS
from opsharden.play.request import Content, PlayRequest, Unlock
from opsharden.play.run import run_play

__all__ = [
    "CONTROLS",
    "OWN_SSH",
    "OWN_SSH_ARGS",
    "UNKNOWN_END",
    "Content",
    "HostBegan",
    "HostCounts",
    "HostResult",
    "Notice",
    "PlayEvent",
    "PlayOutcome",
    "PlayRequest",
    "PlayStatus",
    "Stats",
    "TaskStarted",
    "Unlock",
    "leftovers_command",
    "run_play",
]
