"""What runs leave behind: kept so that it survives crashes, and so that tampering shows."""

from opsharden.evidence.diff import Difference, Shift, Turn, diff
from opsharden.evidence.ids import new_run_id
from opsharden.evidence.redact import Redact
from opsharden.evidence.store import Store

__all__ = ["Difference", "Redact", "Shift", "Store", "Turn", "diff", "new_run_id"]
