"""Connections to hosts and their keys. The only importer of paramiko."""

import logging
import sys

# paramiko loads all of invoke, which takes as long as all its rest, for `Match exec`; OpenSSH sees to that for us.
_before = sys.modules.get("invoke")
sys.modules["invoke"] = None  # type: ignore[assignment]  # which is how Python is told that there is none
try:
    import paramiko.config  # noqa: F401 - so that it is loaded without
finally:
    if _before is None:
        del sys.modules["invoke"]
    else:
        sys.modules["invoke"] = _before

# Its errors reach the user as sentences of ours; without a handler Python would print its tracebacks as well.
logging.getLogger("paramiko").addHandler(logging.NullHandler())
