"""Bring the hosts of an Ansible inventory to a declared state, prove it from the outside, and file the proof."""

from importlib.metadata import version

__version__ = version("opsharden")
