"""What `ansible-doc` says of the action plugin of this name; nothing of it runs on a host."""

DOCUMENTATION = r"""
module: data_controls
short_description: Bring about the controls of a role that are data
description:
  - Reads the role's C(controls.yml) and hands all entries of one C(kind) to the module for it, with the values of the
    host. What holds stays as it is. What fails of one kind does not keep another from being tried.
  - Which of the role's controls it brings about, C(--tags) and C(--skip-tags) say, or the variable
    C(opsharden_controls) of the host, a list of their ids.
options:
  role:
    description: The role's folder, on the control node; or O(roles).
    type: path
  roles:
    description: Several such folders, whose controls are brought about together.
    type: list
    elements: path
"""
