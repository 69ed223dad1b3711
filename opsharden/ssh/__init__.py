"""Connections to hosts and their keys. The only importer of paramiko."""

import logging

# Its errors reach the user as sentences of ours; without a handler Python would print its tracebacks as well.
logging.getLogger("paramiko").addHandler(logging.NullHandler())
