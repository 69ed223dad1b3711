"""The automation account on a host: made over any login that can become root, proved by a fresh one."""

from __future__ import annotations

import re
import shlex
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from importlib.resources import files

from opsharden.access import foresight, names, sshd
from opsharden.access.facts import Facts, facts, key_files
from opsharden.access.foresight import Plan
from opsharden.access.obstacle import Obstacle
from opsharden.errors import BecomeRefused, HostError, TransportBroken
from opsharden.model import ChangeStatus, Host
from opsharden.ssh.client import Connection
from opsharden.ssh.pipe import Pipe
from opsharden.ssh.session import open_session
from opsharden.visible import quoted

_PATIENCE = 900.0
"""Seconds for the script: it may have to download python3 over a slow line."""

_LINES = 200
"""More than it could ever have to say."""

_LINE = 1 << 16


@dataclass(frozen=True, slots=True)
class Step:
    """Something that was changed on a host, or was to be.

    Attributes:
        what: What, in words.
        status: changed; failed; unreachable where the connection was lost and nobody knows.
        message: Why it failed.
    """

    what: str
    status: ChangeStatus
    message: str = ""


@dataclass(frozen=True)
class Entry:
    """A login that can become root, and the account to be made over it.

    Attributes:
        connection: Logged in to the host.
        login: The host, with the user it is logged in as and the secrets to become root with.
        account: The automation account's name.
        key: A line for its authorized_keys.
        timeout: Seconds to become root in.
    """

    connection: Connection
    login: Host
    account: str
    key: str
    timeout: float


def look(entry: Entry) -> Facts:
    """See what the host is like. Changes nothing.

    Raises:
        UsageError: No account can have this name.
        HostError: No root, or no answer.
    """
    names.check(entry.account)
    came = entry.connection.run("printenv SSH_CONNECTION", timeout=entry.timeout)
    peer = came.stdout.decode(errors="replace").strip()
    if not re.fullmatch(r"[0-9a-fA-F.:%\w]+ \d+ [0-9a-fA-F.:%\w]+ \d+", peer):
        peer = ""
    return facts(_asked(entry, "look.sh", entry.account, peer), peer.split(" ")[0])


def plan(entry: Entry, seen: Facts, *, proved: bool) -> Plan:
    """What is to be made on the host.

    Args:
        entry: The way in.
        seen: What the host is like.
        proved: Whether the account logs in and becomes root already: then it needs neither key nor rule.

    Raises:
        HostError: Something is in the way, and nothing has been changed.
    """
    account, key = (seen.account.name if seen.account else entry.account), entry.key
    _refuse_if(f"{entry.login.name} cannot be made ready", foresight.of_the_system(seen))
    if proved:
        return Plan(account)
    home = foresight.home_of(account, seen)
    paths = [path for path, _ in sshd.key_paths(account, seen.account.uid if seen.account else None, home, seen)]
    lying = key_files(paths, _asked(entry, "files.sh", key.split()[1], *paths))
    wanted = foresight.plan(account, key, seen, lying)
    _refuse_if(
        f"{entry.login.name} would not let {entry.account} in",
        (
            *foresight.of_the_login(account, key, seen),
            *foresight.of_sudo(account, seen),
            *foresight.of_the_key(account, lying),
            *foresight.of_the_key_file(wanted, seen),
        ),
    )
    return wanted


def prepare(entry: Entry, wanted: Plan, on_step: Callable[[Step], None]) -> None:
    """Install what is missing and make account, key and sudo rule.

    Args:
        entry: The way in.
        wanted: What is to be made.
        on_step: Told of each change as soon as it is made, and of one that failed or whose fate is not known.

    Raises:
        HostError: No root, or a step that failed; what was done before it stays.
    """
    pipe = _started(entry, "prepare.sh", wanted.words)
    deadline = time.monotonic() + _PATIENCE
    under_way = ""
    try:
        for line in _lines(pipe, deadline):
            word, _, rest = line.partition(" ")
            if word == "will":
                # Told before, and done only when we have heard: no change that nobody knows of.
                under_way = quoted(rest)
                pipe.send(b"go\n", entry.timeout)
            elif word == "did" and under_way:
                on_step(Step(under_way, ChangeStatus.CHANGED))
                under_way = ""
            elif word == "failed":
                why = quoted(rest, 1000)
                if under_way:
                    on_step(Step(under_way, ChangeStatus.FAILED, why))
                raise HostError(
                    f"{entry.login.name} could not be made ready: {why}.",
                    "Mend that on the host and bootstrap it again.",
                )
        status, _ = pipe.rest(entry.timeout)
    except TransportBroken:
        if under_way:
            on_step(Step(under_way, ChangeStatus.UNREACHABLE, "begun; whether it was done is not known"))
        raise
    if status != 0:
        raise HostError(
            f"{entry.login.name} could not be made ready: the script ended with status {status}.",
            "Bootstrap it again; nothing is done twice.",
        )


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


def witness(entry: Entry, seen: Facts) -> str:
    """What the host's own logs say about the account's logins since it was looked at; empty where they say nothing."""
    try:
        return "; ".join(_asked(entry, "witness.sh", entry.account, str(seen.now), ends=False))
    except HostError:
        return ""


def _refuse_if(what: str, in_the_way: Iterable[Obstacle]) -> None:
    found = list(dict.fromkeys(in_the_way))
    if found:
        raise HostError(
            f"{what}: {'; '.join(each.what for each in found)}. Nothing was changed.",
            " ".join(f"{each.advice}." for each in found) + " Then bootstrap it again.",
        )


def _asked(entry: Entry, script: str, *words: str, ends: bool = True) -> list[str]:
    """What a script that only looks prints; with `ends`, it has to come to its last line."""
    pipe = _started(entry, script, shlex.join(words))
    _, said = pipe.rest(entry.timeout + 60)
    lines = said.decode(errors="replace").splitlines()
    if ends and "end" not in lines:
        raise HostError(f"{entry.login.name} could not be looked at.", "Does /bin/sh work there for root?")
    return [line for line in lines if line != "end"]


def _started(entry: Entry, script: str, words: str) -> Pipe:
    pipe, uid = open_session(entry.login, entry.connection, f"exec /bin/sh -s {words}", entry.timeout)
    if uid != 0:
        raise BecomeRefused(
            f"The login as {entry.login.user} on {entry.login.name} is not root.",
            "Let it become root by sudo, or log in as root: -u root.",
        )
    pipe.send(files("opsharden.access").joinpath(script).read_bytes(), entry.timeout)
    return pipe


def _lines(pipe: Pipe, deadline: float) -> Iterator[str]:
    """What it says, until it ends.

    Raises:
        TransportBroken: Nothing came in time, or it never comes to an end.
    """
    last = ""
    for _ in range(_LINES):
        line = _line(pipe, deadline)
        if line is None:
            return
        yield (last := line)
    raise TransportBroken(f"The host never comes to an end; last it said: {quoted(last, 100)}.")


def _line(pipe: Pipe, deadline: float) -> str | None:
    """The next line; None where the other side has come to its end.

    Raises:
        TransportBroken: Nothing came in time.
    """
    while b"\n" not in pipe.stdout:
        if len(pipe.stdout) > _LINE:
            raise TransportBroken(f"What answers there is not ours: {quoted(pipe.stdout, 100)}.")
        if not pipe.more(deadline):
            if pipe.ended:
                return None
            raise TransportBroken("The host stopped answering.")
    line, pipe.stdout = pipe.stdout.split(b"\n", 1)
    return line.decode(errors="replace")
