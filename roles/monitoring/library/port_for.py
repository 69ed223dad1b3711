#!/usr/bin/python
"""See that a TCP port is free for a service, or already its own."""

from __future__ import annotations

import pwd
import re
import socket
import struct
from pathlib import Path

from ansible.module_utils.basic import AnsibleModule

DOCUMENTATION = r"""
module: port_for
short_description: See that a TCP port is free for a service, or already its own
description:
  - Fails at once, and says who holds the port, where a service could not have it. Changes nothing.
options:
  port:
    description: The port.
    type: int
    required: true
  address:
    description: The one address the service listens on; every one where empty.
    type: str
    default: ""
  unit:
    description: The service, a unit of systemd.
    type: str
    required: true
author: opsharden
"""

LISTENING = "0A"
PROC = Path("/proc")


def listeners(port):
    """(address, inode of the socket, user id) of all that listens on a port."""
    for name, family in (("tcp", socket.AF_INET), ("tcp6", socket.AF_INET6)):
        table = PROC / "net" / name
        for line in table.read_text().splitlines()[1:] if table.exists() else ():
            fields = line.split()
            place, state, user, inode = fields[1], fields[3], fields[7], fields[9]
            address, _, number = place.partition(":")
            if state == LISTENING and int(number, 16) == port:
                yield readable(address, family), inode, user


def readable(address, family):
    """An address of /proc/net/tcp, which holds it in words of 32 bits the way this machine does."""
    words = [int(address[at : at + 8], 16) for at in range(0, len(address), 8)]
    return socket.inet_ntop(family, b"".join(struct.pack("=I", word) for word in words))


def holder(inode):
    """(name, process id, unit) of who holds a socket; nothing where it is not to be found."""
    for process in PROC.glob("[0-9]*"):
        try:
            if any(str(entry.readlink()) == f"socket:[{inode}]" for entry in process.glob("fd/*")):
                unit = re.search(r"([^/\n]+\.(?:service|scope))$", (process / "cgroup").read_text(), re.MULTILINE)
                return (process / "comm").read_text().strip(), process.name, unit[1] if unit else ""
        except OSError:  # it may end while we look
            continue
    return None


def name_of(user):
    """A user's name, where there is one."""
    try:
        return pwd.getpwuid(int(user)).pw_name
    except KeyError:
        return user


def in_the_way(held, wanted):
    """Whether a listener keeps the service from its address: two that name one address each do not meet."""
    every = ("0.0.0.0", "::", "")  # noqa: S104 - read, not bound
    return held in every or wanted in every or held == wanted


def main():
    """Look, and fail where somebody else is there."""
    module = AnsibleModule(
        argument_spec={
            "port": {"type": "int", "required": True},
            "address": {"type": "str", "default": ""},
            "unit": {"type": "str", "required": True},
        },
        supports_check_mode=True,
    )
    port, unit = module.params["port"], module.params["unit"]
    rc, _, _ = module.run_command(["systemctl", "is-active", "--quiet", unit])
    for address, inode, user in listeners(port) if rc else ():  # one that runs has what it needs
        found = holder(inode)
        if not in_the_way(address, module.params["address"].strip("[]")) or (found and found[2] == unit):
            continue
        who = f"a program of the user {name_of(user)}"  # in a container, root may not see whose sockets others' are
        if found:
            who = f"{found[0]} (process {found[1]}{f', {found[2]}' if found[2] else ''})"
        msg = f"Port {port} is held by {who}, so {unit} cannot have it. Stop that, or have it listen elsewhere."
        module.fail_json(msg=msg)
    module.exit_json(changed=False)


if __name__ == "__main__":
    main()
