"""A Python that stands by on a host while a play lasts, and runs what Ansible sends, each in a process of its own.

Ansible alone starts a login session, sudo and Python for every step, and compiles its libraries again each time.
"""

from opsharden.play.standby.relay import Relay

__all__ = ["Relay"]
