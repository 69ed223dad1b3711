#!/usr/bin/python
"""See that files can be written where they are to be."""

from __future__ import annotations

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.opsharden_nofile import odd

DOCUMENTATION = r"""
module: place_for
short_description: See that files can be written where they are to be
description:
  - Fails where a folder, a pipe, a socket or a device stands in the place of a file, and says which. Changes nothing.
  - Opens nothing. A link is no matter, whoever writes the file puts it in the link's place.
options:
  files:
    description: Paths of the files.
    type: list
    elements: path
    required: true
author: opsharden
"""


def main():
    """Look, and fail where something else is there."""
    module = AnsibleModule(
        argument_spec={"files": {"type": "list", "elements": "path", "required": True}}, supports_check_mode=True
    )
    found = {path: what for path in module.params["files"] if (what := odd(path))}
    if found:
        told = "; ".join(f"{path} is {what}" for path, what in found.items())
        module.fail_json(msg=f"{told}, where a file of opsharden's is to be, so nothing is written there. Put it away.")
    module.exit_json(changed=False)


if __name__ == "__main__":
    main()
