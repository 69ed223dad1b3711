"""The automation account on a host: made over any login that can become root, proved by a fresh one."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

from opsharden.errors import BecomeRefused, HostError
from opsharden.model import Host
from opsharden.ssh.client import connect
from opsharden.ssh.session import open_session

_SCRIPT = files("opsharden.access").joinpath("prepare.sh").read_bytes()
_PATIENCE = 900.0
"""Seconds for the script: it may have to download python3 over a slow line."""


def prepare(login: Host, account: str, public_key: str, known_hosts: Sequence[Path], timeout: float) -> tuple[str, ...]:
    """Install what is missing and make account, key and sudo rule.

    Args:
        login: The host, with the user and the secrets to log in and become root with.
        account: The automation account's name.
        public_key: A line for its authorized_keys.
        known_hosts: Files of pinned host keys.
        timeout: Seconds for the connection.

    Returns:
        What was changed, in words; empty where all was there.

    Raises:
        HostError: No login, no root, or a step that failed; what was done before it stays.
    """
    command = f"exec /bin/sh -s {shlex.quote(account)} {shlex.quote(public_key)}"
    with connect(login, known_hosts, timeout=timeout) as connection:
        pipe, uid = open_session(login, connection, command, timeout)
        if uid != 0:
            raise BecomeRefused(
                f"The login as {login.user} on {login.name} is not root.", "Let it become root by sudo."
            )
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


def proved(automation: Host, known_hosts: Sequence[Path], timeout: float) -> None:
    """Log in anew as the automation account and become root without a password, as every later run will.

    Raises:
        HostError: That does not work.
    """
    host = replace(automation, password=None, become=True, become_password=None)
    with connect(host, known_hosts, timeout=timeout) as connection:
        pipe, uid = open_session(host, connection, "exec true", timeout)
        pipe.rest(timeout)
    if uid != 0:
        raise BecomeRefused(f"{host.user} on {host.name} does not become root by sudo.")
