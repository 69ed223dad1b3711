"""A stdout callback that prints nothing: ansible-runner hangs its events on it and keeps whatever is printed in memory.

Loaded by Ansible in its own process, never imported by us.
"""

from __future__ import annotations

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: opsharden_quiet
type: stdout
short_description: print nothing
description: Print nothing; the events tell it all.
# ansible-runner merges these options with those of its own callback, and both must have some.
extends_documentation_fragment: [default_callback]
"""


class CallbackModule(CallbackBase):  # type: ignore[misc]  # Ansible ships no types
    """Every method of the base class already does nothing."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "stdout"
    CALLBACK_NAME = "opsharden_quiet"
