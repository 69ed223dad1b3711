"""Where our own content lies: at the top of a checkout, or inside the installed package."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent.parent


def content_root() -> Path:
    """The folder that holds `playbooks/`, with our roles in `playbooks/roles/`, and `inventories/example/`."""
    installed = _PACKAGE / "content"
    return installed if installed.is_dir() else _PACKAGE.parent


def roles_path() -> Path:
    """The folder of our roles: at the top of a checkout, beside the playbook in an installed package."""
    top = content_root() / "roles"
    return top if top.is_dir() else content_root() / "playbooks" / "roles"


KINDS_ROLE = "kinds"
"""The role that brings about controls that are data, whatever role they belong to."""


def kinds_checks() -> Path:
    """The checks of controls that are data: a folder for each kind."""
    return roles_path() / KINDS_ROLE / "checks"


def profiles_path() -> Path:
    """The folder of our profiles."""
    return _PACKAGE / "catalogue" / "profiles"


def site_playbook() -> Path:
    """The playbook that names our roles in the order they are applied."""
    return content_root() / "playbooks" / "site.yml"
