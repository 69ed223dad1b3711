"""A play in, typed events out. The only importer of ansible_runner."""

from opsharden.play.events import HostResult, PlayEvent, PlayOutcome, PlayStatus, Stats, TaskStarted
from opsharden.play.leftovers import leftovers_command
from opsharden.play.request import Content, PlayRequest, Unlock
from opsharden.play.run import run_play

__all__ = [
    "Content",
    "HostResult",
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
