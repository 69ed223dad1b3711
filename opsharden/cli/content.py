"""opsharden content: where our roles and playbooks lie."""

from __future__ import annotations

import typer

from opsharden.catalogue import content_root
from opsharden.cli.console import stdout


def content() -> None:
    """Print the folder with our roles, playbooks and the example inventory, for plain Ansible.

    The playbook finds its roles by itself. It brings about all controls of all roles; opsharden's own `apply` brings
    about what fails.

    Example:
      ansible-playbook -i inventory/hosts.yml $(opsharden content)/playbooks/site.yml
    """
    stdout().print(str(content_root()), markup=False, highlight=False, soft_wrap=True)
    raise typer.Exit
