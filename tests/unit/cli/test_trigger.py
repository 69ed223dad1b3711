from __future__ import annotations

import os
import pwd
import sys

import pytest

from opsharden.cli.trigger import person
from opsharden.model import TriggerKind


def test_a_command_is_started_by_whoever_gave_it_and_says_no_values(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("opsharden.cli.operator._login", lambda proc: os.getuid())
    monkeypatch.setattr(sys, "argv", ["/usr/bin/opsharden", "verify", "-e", "password=hunter2"])
    trigger = person()
    assert (trigger.kind, trigger.parent) == (TriggerKind.PERSON, None)
    assert trigger.operator == pwd.getpwuid(os.getuid()).pw_name
    assert trigger.command == "opsharden verify -e 'password=…'"
