"""What `ansible-doc` says of the action plugin of this name; nothing of it runs on a host."""

DOCUMENTATION = r"""
module: option_limits
short_description: Hold a role's options to its limits
description:
  - Reads the role's C(meta/limits.yml), which says of options in C(meta/argument_specs.yml) what Ansible's own specs
    have no words for, and fails with one sentence for each value that cannot be meant. Hosts are asked nothing.
options:
  role:
    description: The role's folder, on the control node.
    type: path
    required: true
  besides:
    description: Options that are of no matter now.
    type: list
    elements: str
"""
