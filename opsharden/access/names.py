"""What an account's name may be, and what it becomes in sudo's files."""

from __future__ import annotations

import re

from opsharden.errors import UsageError

RULES = "/etc/sudoers.d"
ACCOUNT = "opsharden"
"""The project's own account: whom it logs in as where nothing names anybody else."""

_MADE = re.compile(r"[a-z_][a-z0-9_-]{0,31}")
"""What useradd(8) takes."""

_IMPOSSIBLE = re.compile(r"[\x00-\x1f\x7f:/,\"]|^[-+~%#!@&]|^\d+$|^ALL$|^\s|\s$|\\$")
"""No account's name in passwd(5), or something else than a name to sudoers(5), where quotes do not help."""


def check(account: str) -> None:
    """See whether an account can have this name on any host.

    Raises:
        UsageError: None can.
    """
    if not account or _IMPOSSIBLE.search(account):
        raise UsageError(f"{account!r} cannot be the name of an account.", "Name one in ansible_user.")


def can_be_made(account: str) -> bool:
    """Whether useradd makes an account of this name; others have to be there already."""
    return _MADE.fullmatch(account) is not None


def rule(account: str) -> str:
    """The line of sudoers(5) that lets an account become anybody without a password."""
    # In quotes nothing in a name means anything: a dot, an @, a domain's backslash; and capitals are no alias.
    who = account if can_be_made(account) else f'"{account}"'
    return f"{who} ALL=(ALL:ALL) NOPASSWD: ALL"


def rule_file(account: str) -> str:
    """The file with an account's rule: one for each account, so that none takes away another's.

    sudo passes over files whose names hold a dot or end in a tilde (sudoers(5), @includedir): these are written as
    `%2e`, and so is all that is unusual in a file's name.
    """
    if account == ACCOUNT:
        return f"{RULES}/{ACCOUNT}"
    name = "".join(sign if re.fullmatch("[A-Za-z0-9_-]", sign) else _encoded(sign) for sign in account)
    return f"{RULES}/{ACCOUNT}-{name}"


def _encoded(sign: str) -> str:
    return "".join(f"%{byte:02x}" for byte in sign.encode())
