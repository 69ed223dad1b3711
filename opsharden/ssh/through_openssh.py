"""Connections made by OpenSSH's client, a child process each: it knows all that ssh_config(5) does."""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock

from opsharden.errors import TransportBroken, Unreachable
from opsharden.model import Host
from opsharden.ssh import hostkeys
from opsharden.ssh.channel import CHUNK, Channel
from opsharden.ssh.complaint import refusal
from opsharden.ssh.connection import Connection
from opsharden.ssh.dial import login_slot
from opsharden.ssh.hostkeys import HostKey
from opsharden.ssh.invocation import PASSED, invocation, jumps
from opsharden.ssh.pipe import Pipe
from opsharden.ssh.posix import through_any_shell
from opsharden.ssh.process import ProcessChannel
from opsharden.ssh.session import SHELL_ADVICE
from opsharden.visible import quoted

_STEPS = 3
"""Connection, handshake, login: each may take as long as it is given."""

_Passed = Callable[[bytes], None]
"""Is told all that ssh has said so far."""

_RSA = "rsa-sha2-512,rsa-sha2-256"
_WAIT = 'printf "IN%s\\n" {nonce}; read -r size && exec /bin/sh -c "$(dd bs=1 count="$size" 2>/dev/null)"'
"""Says that the login worked, whatever a banner or a .bashrc printed before, and becomes the command it is then told;
dd and read take no byte more than they are told, the rest is the command's stdin."""


def connect(
    host: Host, known_hosts: Sequence[Path], timeout: float, first: Mapping[str, str] | None = None
) -> Connection:
    """Log in to a host.

    Args:
        host: Where to and as whom.
        known_hosts: Files of pinned host keys.
        timeout: Seconds for each step on the way: connection, handshake, login.
        first: Options that come before ours, for this host and none on the way.

    Raises:
        Unreachable: No connection, a host key that is unknown or has changed, or the login was refused.
    """
    return _Connection(host, known_hosts, timeout, first)


def place(host: Host, known_hosts: Sequence[Path], timeout: float) -> str:
    """What known_hosts files call a host, which is for its ssh_config to say.

    Raises:
        Unreachable: The arguments or the ssh_config cannot be read.
    """
    with invocation(host, known_hosts, timeout) as words:
        stdout, stderr = _run(host, [words[0], "-G", *words[1:]], timeout)
    options = dict(line.partition(" ")[::2] for line in stdout.splitlines())
    if "hostname" not in options:
        raise refusal(host, stderr)
    return options.get("hostkeyalias") or hostkeys.place(options["hostname"], int(options["port"]))


def show(host: Host, known_hosts: Sequence[Path], kinds: Sequence[str], timeout: float) -> HostKey:
    """The key that a host shows, of the first of these kinds that it has. Logins happen at jump hosts only.

    Raises:
        Unreachable: No SSH server answers there, or a jump host refused.
    """
    with TemporaryDirectory(prefix="opsharden-ssh-") as folder:
        shown = Path(folder) / "shown"
        first = {
            "StrictHostKeyChecking": "accept-new",
            "UserKnownHostsFile": str(shown),
            "PreferredAuthentications": "none",
        }
        if kinds:
            first["HostKeyAlgorithms"] = "^" + ",".join(_RSA if kind == "ssh-rsa" else kind for kind in kinds)
        with invocation(host, known_hosts, timeout, first) as words, _passage(host):
            _, stderr = _run(host, [*words, "exit"], timeout * _STEPS)
        fields = shown.read_text(encoding="utf-8").split() if shown.exists() else []
    if len(fields) < 3:
        raise refusal(host, stderr)
    return HostKey(fields[1], fields[2])


def _run(host: Host, words: Sequence[str], timeout: float) -> tuple[str, str]:
    """Run an ssh to its end and give what it printed to stdout and to stderr."""
    try:
        channel = ProcessChannel(words, _environment())
    except OSError as error:
        raise _missing(host, words[0], error) from None
    with closing(channel):
        pipe, deadline = Pipe(channel), time.monotonic() + timeout
        channel.end_input()
        while pipe.more(deadline):
            pipe.keep(CHUNK)
        if not pipe.ended:
            raise _late(host)
        return pipe.stdout.decode(errors="replace"), pipe.stderr.decode(errors="replace")


@contextmanager
def _passage(host: Host) -> Iterator[_Passed]:
    """Hold a place at a host's jump hosts until all of them have let us pass, or the context ends."""
    jump = jumps(host)
    with ExitStack() as held:
        if jump:
            held.enter_context(login_slot(jump))

        def passed(said: bytes) -> None:
            if said.count(PASSED) > jump.count(","):
                held.close()

        yield passed


class _Connection(Connection):
    """One child process for each command, the first of them logged in before it is asked for."""

    def __init__(
        self, host: Host, known_hosts: Sequence[Path], timeout: float, first: Mapping[str, str] | None
    ) -> None:
        self._first = first
        self._host = host
        self._known_hosts = known_hosts
        self._timeout = timeout
        self._lock = Lock()
        self._open: list[ProcessChannel] = []
        self._closed = False
        self._ready: Channel | None = self._log_in()

    def open_channel(self, command: str) -> Channel:
        channel, self._ready = self._ready or self._log_in(), None
        text = command.encode()
        channel.send(b"%d\n" % len(text) + text, self._timeout)
        return channel

    def close(self) -> None:
        with self._lock:
            self._closed = True
            channels = tuple(self._open)
            self._open.clear()
        for channel in channels:
            channel.close()

    def _log_in(self) -> Channel:
        nonce = secrets.token_hex(8)
        script = through_any_shell(_WAIT.format(nonce=nonce))
        call = invocation(self._host, self._known_hosts, self._timeout, self._first)
        with call as words, _passage(self._host) as passed:
            channel = self._started([*words, script])
            try:
                self._await(channel, f"IN{nonce}\n".encode(), passed)
            except BaseException:
                channel.close()
                raise
        return channel

    def _started(self, words: Sequence[str]) -> ProcessChannel:
        with self._lock:
            if self._closed:
                raise TransportBroken("The connection was closed.")
            try:
                channel = ProcessChannel(words, _environment())
            except OSError as error:
                raise _missing(self._host, words[0], error) from None
            self._open.append(channel)
            return channel

    def _await(self, channel: Channel, mark: bytes, passed: _Passed) -> None:
        pipe, deadline = Pipe(channel), time.monotonic() + self._timeout * _STEPS
        while mark not in pipe.stdout:
            pipe.keep(CHUNK)
            if pipe.more(deadline):
                passed(pipe.stderr)
                continue
            if not pipe.ended:
                raise _late(self._host)
            said = pipe.stdout + pipe.stderr
            if pipe.status(deadline) is None:
                raise refusal(self._host, said.decode(errors="replace"))
            words = quoted(said) or "it said nothing"
            raise Unreachable(f"The shell on {self._host.name} ended at once: {words}.", SHELL_ADVICE)


def _environment() -> Mapping[str, str]:
    # Its sentences are looked at; and whatever it may want to ask, nobody is there.
    return {**os.environ, "LC_ALL": "C", "SSH_ASKPASS_REQUIRE": "never"}


def _late(host: Host) -> Unreachable:
    return Unreachable(f"{host.name} did not answer OpenSSH in time.", "Is the host up, and its sshd well?")


def _missing(host: Host, program: str, error: OSError) -> Unreachable:
    return Unreachable(
        f"{host.name} can be reached by OpenSSH only, and {program} cannot be started: {error.strerror}.",
        "Install the OpenSSH client, or see ansible_ssh_executable.",
    )
