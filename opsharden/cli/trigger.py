"""What made a run start, where it is a command: the person who gave it."""

from __future__ import annotations

import sys

from opsharden.cli.commandline import filed_command
from opsharden.cli.operator import operator
from opsharden.model import Trigger, TriggerKind


def person() -> Trigger:
    """Who called us, and how."""
    return Trigger(TriggerKind.PERSON, operator(), filed_command(sys.argv[1:]))
