"""The Ansible inventory resolved: hosts, groups, variables, connection."""

from opsharden.inventory.inventory import Inventory, Values, load_inventory

__all__ = ["Inventory", "Values", "load_inventory"]
