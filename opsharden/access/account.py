"""The automation account on a host: made over any login that can become root, proved by a fresh one."""

from __future__ import annotations

import re
import shlex
from importlib.resources import files

from opsharden.errors import BecomeRefused, HostError, UsageError
from opsharden.model import Host
from opsharden.ssh.client import Connection
from opsharden.ssh.session import open_session

_SCRIPT = files("opsharden.access").joinpath("prepare.sh").read_bytes()
_PATIENCE = 900.0
"""Seconds for the script: it may have to download python3 over a slow line."""


_NAME = re.compile(r"[a-z_][a-z0-9_-]{0,31}")
"""What useradd(8) takes for a name, and what means nothing but itself in sudoers(5)."""


def prepare(connection: Connection, login: Host, account: str, public_key: str, timeout: float) -> tuple[str, ...]:
    """Install what is missing and make account, key and sudo rule.

    Args:
        connection: Logged in to the host.
        login: The host, with the user it is logged in as and the secrets to become root with.
        account: The automation account's name.
        public_key: A line for its authorized_keys.
        timeout: Seconds to become root in; the work itself may take 15 minutes.

    Returns:
        What was changed, in words; empty where all was there.

    Raises:
        UsageError: No account can have this name.
        HostError: No root, or a step that failed; what was done before it stays.
    """
    if not _NAME.fullmatch(account):
        raise UsageError(f"{account!r} cannot be the name of an account.", "Use a-z, 0-9, _ and - in ansible_user.")
    command = f"exec /bin/sh -s {shlex.quote(account)} {shlex.quote(public_key)}"
    pipe, uid = open_session(login, connection, command, timeout)
    if uid != 0:
        raise BecomeRefused(f"The login as {login.user} on {login.name} is not root.", "Let it become root by sudo.")
    pipe.send(_SCRIPT, timeout)
    status, said = pipe.rest(_PATIENCE)
    lines = [line.partition(" ") for line in said.decode(errors="replace").splitlines()]
    failures = [rest for word, _, rest in lines if word == "failed"]
    if failures or status != 0:
        why = failures[0] if failures else f"the script ended with status {status}"
        raise HostError(
            f"{login.name} could not be made ready: {why}.", "Mend that on the host and bootstrap it again."
        )
    return tuple(rest for word, _, rest in lines if word == "changed")


def prove(connection: Connection, automation: Host, timeout: float) -> None:
    """Become root without a password over a login as the automation account, as every later run will.

    Args:
        connection: Logged in anew, with the automation key.
        automation: The host with the automation account, and no become password.
        timeout: Seconds it may take.

    Raises:
        HostError: That does not work.
    """
    pipe, uid = open_session(automation, connection, "exec true", timeout)
    pipe.rest(timeout)
    if uid != 0:
        raise BecomeRefused(
            f"{automation.user} on {automation.name} does not become root by sudo.", "See /etc/sudoers.d there."
        )
