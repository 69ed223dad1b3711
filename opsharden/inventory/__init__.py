"""The Ansible inventory resolved: hosts, groups, variables, connection."""

from opsharden.inventory.inventory import Inventory, Values, load_inventory
from opsharden.inventory.patterns import names_nobody
from opsharden.inventory.reading import Care
from opsharden.inventory.vault import Opened, VaultKeys

__all__ = ["Care", "Inventory", "Opened", "Values", "VaultKeys", "load_inventory", "names_nobody"]
