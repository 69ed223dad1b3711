"""Looking at hosts: transports, recording, judging. The only importer of testinfra."""

from opsharden.probe.backend import Recorder
from opsharden.probe.checks import Check, collect
from opsharden.probe.judge import Subject, judge
from opsharden.probe.opening import open_transport
from opsharden.probe.transport import Transport

__all__ = ["Check", "Recorder", "Subject", "Transport", "collect", "judge", "open_transport"]
