"""Logging in: first the host proves who it is, then we do."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from socket import SHUT_RDWR, socket
from typing import Any

import paramiko
from pydantic import SecretStr

from opsharden.errors import Unreachable
from opsharden.ssh import hostkeys, keyfiles
from opsharden.ssh.advice import LOGIN_BY_PASSWORD, WELL
from opsharden.ssh.handshake import shake
from opsharden.ssh.knownhosts import certified, known
from opsharden.ssh.route import Route
from opsharden.ssh.unsupported import Unsupported
from opsharden.visible import quoted

_NAP = 0.5
"""Seconds after which paramiko's thread looks up from the line; its own 0.1 costs as much as a login in ten seconds."""

_Method = tuple[str, Callable[[], list[str]]]
"""What is tried, for people, and how; what it gives are the further methods the host wants, if any."""


def login(
    name: str, to: Route, password: SecretStr | None, files: Sequence[Path], sock: Any, timeout: float
) -> paramiko.Transport:
    """Check a host's key and log in to it.

    Args:
        name: The host's, for people.
        to: Where to and as whom.
        password: To try after the keys.
        files: Files of pinned host keys.
        sock: Connected to the host; closed with the transport.
        timeout: Seconds for each step.

    Raises:
        Unreachable: The handshake failed, the host key is not the pinned one, or the login was refused.
    """
    pinned = known(files, to.name)
    # As OpenSSH does, an authority is looked for without the port, too.
    if certified(files, to.name) or certified(files, to.address):
        sock.close()
        raise Unsupported(f"the certificate authority that is to vouch for {to.name}")
    transport, shown = shake(name, sock, [entry.key.type for entry in pinned], timeout)
    try:
        hostkeys.check(name, shown, pinned)
        _authenticate(name, to.user, transport, _methods(transport, to, password))
    except BaseException:
        leave(transport)
        raise
    transport.sock.settimeout(_NAP)
    return transport


def leave(transport: paramiko.Transport) -> None:
    """End a connection at once; safe to call twice and from another thread."""
    if isinstance(transport.sock, socket):  # a tunnel wakes its thread by itself
        # While that waits at the line, closing it alone is not noticed at either end.
        with suppress(OSError):
            transport.sock.shutdown(SHUT_RDWR)
    transport.close()


def _authenticate(name: str, user: str, transport: paramiko.Transport, methods: Iterator[_Method]) -> None:
    tried: list[str] = []
    for what, attempt in methods:
        tried.append(what)
        try:
            # A host may want more than one method; what then is left to try goes on from there.
            if not attempt():
                return
        except paramiko.BadAuthenticationType as error:
            tried[-1] = f"{what} (it takes {quoted(', '.join(error.allowed_types))} only)"
        except paramiko.AuthenticationException as error:
            if "timeout" in str(error):
                raise Unreachable(f"{name} did not answer the login as {user} in time.", WELL) from None
        except (OSError, EOFError, paramiko.SSHException) as error:
            raise Unreachable(
                f"{name} ended the connection during the login as {user}: {quoted(str(error))}."
            ) from None
        if not transport.is_active():
            break  # too many attempts: MaxAuthTries of sshd_config(5)
    banner = transport.get_banner()  # there nologin(5), expired accounts and PAM say why
    said = f" It said: {quoted(banner)}." if banner and quoted(banner) else ""
    how = " and ".join(tried) or "nothing: there is no key and no password"
    raise Unreachable(
        f"{name} refused the login as {user} with {how}.{said}",
        LOGIN_BY_PASSWORD,
    )


def _methods(transport: paramiko.Transport, to: Route, password: SecretStr | None) -> Iterator[_Method]:
    """What to try, in order.

    The agent is asked where no key is named, or one that only an agent can unlock: a login that worked with some other
    key of the agent would prove nothing about the named one. A password given is meant to be used, and a host counts
    attempts: then no key is tried that nobody named.
    """
    paths = to.keys or (() if password else keyfiles.defaults())
    keys = {path: keyfiles.load(path) for path in paths if path.is_file()}
    for path, key in keys.items():
        if key is not None:
            yield f"the key {path}", partial(transport.auth_publickey, to.user, key)
    locked = [path for path, key in keys.items() if key is None]
    if locked or not (to.keys or password):
        for key in keyfiles.of_agent():
            yield "a key of the agent", partial(transport.auth_publickey, to.user, key)
    for path in locked:
        yield f"the key {path} (locked by a passphrase, and no agent opened it)", _unusable
    if password:
        yield "the password", partial(transport.auth_password, to.user, password.get_secret_value())


def _unusable() -> list[str]:
    raise paramiko.AuthenticationException
