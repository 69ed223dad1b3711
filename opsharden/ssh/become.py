"""Becoming another user, as the inventory says. What cannot be honoured is refused before a password leaves."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass

from opsharden.errors import BecomeRefused
from opsharden.model import Host

_OURS = "nSHEisPkK"
"""Flags of sudo(8) that say how it asks and which environment there is: our helper brings its own."""
_OURS_LONG = ("non-interactive", "stdin", "set-home", "preserve-env", "login", "shell", "reset-timestamp", "prompt")


@dataclass(frozen=True, slots=True)
class Passage:
    """How to become somebody.

    Attributes:
        line: The command for a POSIX shell.
        prompt: What stands on its stderr, once for each time that it asks for a password.
    """

    line: str
    prompt: re.Pattern[bytes]


def passage(host: Host, script: str, nonce: str) -> Passage:
    """The command that runs a script of sh as the user whom the host's inventory entry names.

    Args:
        host: Says whom to become, and how.
        script: For `sh`.
        nonce: Nobody else knows it: a prompt with it is no text of somebody's.

    Raises:
        BecomeRefused: It names a way that is not ours.
    """
    mark, prompt = f"PASSWORD{nonce}", f"PASSWORD{nonce}".encode()
    try:
        program, flags = shlex.split(host.become_exe), shlex.split(host.become_flags or "")
    except ValueError as error:
        raise _refused(host, f"ansible_become_exe or ansible_become_flags that cannot be read ({error})") from None
    if not host.become:
        return Passage(script, re.compile(prompt))
    if host.become_method == "sudo":
        words = [*(program or ["sudo"]), *_plain(flags), "-S", "-p", mark, "-u", host.become_user]
        return Passage(f"exec {shlex.join([*words, '--', '/bin/sh', '-c', script])}", re.compile(prompt))
    if host.become_method == "sudosu":
        su = ["su", "-s", "/bin/sh", "-c", script, host.become_user]
        words = [*(program or ["sudo"]), *_plain(flags), "-S", "-p", mark, "--", *su]
        return Passage(f"exec {shlex.join(words)}", re.compile(prompt))
    if host.become_method == "su":
        # Its prompt is PAM's, in the language of who asks; the mark is for what was printed before it.
        flags = [flag for flag in flags if flag not in ("-", "-l", "--login")]
        words = [*(program or ["su"]), "-s", "/bin/sh", *flags, "-c", script, host.become_user]
        line = f"printf {mark} >&2; exec env LC_ALL=C LANGUAGE=C {shlex.join(words)}"
        return Passage(line, re.compile(prompt + rb"[^:]*assword[^:\n]*:"))
    raise _refused(host, f"ansible_become_method {host.become_method}")


def _plain(flags: list[str]) -> Iterator[str]:
    """The flags of sudo that say who and where, without those that are ours."""
    rest = iter(flags)
    for flag in rest:
        if flag.startswith("--"):
            name, _, value = flag[2:].partition("=")
            if name not in _OURS_LONG:
                yield flag
            elif name == "prompt" and not value:
                next(rest, None)
        elif flag == "-p":
            next(rest, None)
        elif not re.fullmatch(f"-[{_OURS}]+", flag):
            yield flag


def _refused(host: Host, what: str) -> BecomeRefused:
    return BecomeRefused(
        f"{host.name} has {what}, which opsharden cannot follow.",
        "It becomes another user with sudo, su or sudosu; no password was sent.",
    )
