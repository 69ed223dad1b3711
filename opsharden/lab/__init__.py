"""Throwaway real hosts: systemd containers with a real sshd, for demos, tests and molecule.

with lab.up(LabSpec(id="try", debian12=1, debian13=1)) as here:
    here.exec("deb12-1", "systemctl stop cron")
"""

from opsharden.lab.inventory import LAB_HOST, write_inventory
from opsharden.lab.lifecycle import Lab, down, find, labs, up
from opsharden.lab.spec import LabHost, LabSpec, Suite

__all__ = ["LAB_HOST", "Lab", "LabHost", "LabSpec", "Suite", "down", "find", "labs", "up", "write_inventory"]
