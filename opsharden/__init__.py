"""Bring the hosts of an Ansible inventory to a declared state, prove it from the outside, and file the proof."""

__version__ = "0.1.0"
