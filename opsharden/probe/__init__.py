"""Looking at hosts: transports, recording, judging. The only importer of testinfra."""

from opsharden.probe.backend import Recorder
from opsharden.probe.judging.checks import Check, Pool
from opsharden.probe.judging.judge import Subject, judge
from opsharden.probe.learnt import Learnt
from opsharden.probe.session import Session
from opsharden.probe.transports.opening import open_transport
from opsharden.probe.transports.recorded import RecordedTransport
from opsharden.probe.transports.transport import Answer, Patience, Transport, ask

__all__ = [
    "Answer",
    "Check",
    "Learnt",
    "Patience",
    "Pool",
    "RecordedTransport",
    "Recorder",
    "Session",
    "Subject",
    "Transport",
    "ask",
    "judge",
    "open_transport",
]
