"""Calls to podman, its failures turned into sentences."""

from __future__ import annotations

import json
import os
import subprocess
from typing import Any

from opsharden.errors import LabError

PACKAGES = "podman runc netavark aardvark-dns iptables mmdebstrap"
INSTALL = f"Install the Debian packages: {PACKAGES}."
TIMEOUT = 120.0

# What a call came to: returncode, stdout, stderr.
Answer = subprocess.CompletedProcess[str]

# What podman and the programs below it print, what it means, what helps. First match wins.
_KNOWN_FAILURES = (
    ("netavark: No such file or directory", "podman's network helper needs the program iptables.", INSTALL),
    ("cgroups in hybrid mode not supported", "crun does not work with this machine's hybrid cgroups.", INSTALL),
    (
        "setting rlimit",
        "The limits of this shell are too low for podman to start a host.",
        "Raise `ulimit -Hn` to 1024 and `ulimit -Hu` to 4096.",
    ),
    (
        "is already in use",
        "A container with the name of a lab host is there, and it is not a lab's.",
        "Give the lab another id, or remove that container yourself.",
    ),
    (
        "network already exists",
        "A podman network with the name of this lab's is there, and it is not a lab's.",
        "Give the lab another id, or remove that network yourself.",
    ),
    (
        "being used by",
        "A container that is not of this lab is attached to its network.",
        "Find it with `podman ps --all --filter network=NAME` and take it off the network.",
    ),
    ("no space left on device", "The disk that podman keeps images and containers on is full.", "Free some space."),
)


def environment() -> dict[str, str]:
    """Our environment with sbin on the PATH: a shell after plain `su` lacks it, and netavark needs iptables there."""
    path = os.pathsep.join((os.environ.get("PATH", os.defpath), "/usr/local/sbin", "/usr/sbin", "/sbin"))
    return os.environ | {"PATH": path}


def call(*arguments: str, stdin: str = "", timeout: float = TIMEOUT) -> Answer:
    """Run podman and hand back what it said, whatever its exit status.

    Args:
        arguments: podman's arguments; never a secret, every user of the machine can read them.
        stdin: What it reads; the place for secrets.
        timeout: Seconds until it is killed.

    Raises:
        LabError: podman is not there or did not answer in time.
    """
    try:
        return subprocess.run(
            ["podman", *arguments],
            input=stdin,
            capture_output=True,
            check=False,
            text=True,
            errors="replace",
            env=environment(),
            timeout=timeout,
        )
    except FileNotFoundError:
        raise LabError("podman is not installed on this machine.", INSTALL) from None
    except subprocess.TimeoutExpired:
        raise LabError(
            f"`podman {arguments[0]}` did not finish within {timeout:.0f} seconds.",
            "Look at the load of this machine (`uptime`), then run the command again.",
        ) from None


def ask(*arguments: str, stdin: str = "", timeout: float = TIMEOUT) -> str:
    """Run podman and hand back its standard output, stripped.

    Args:
        arguments: podman's arguments; never a secret.
        stdin: What it reads.
        timeout: Seconds until it is killed.

    Raises:
        LabError: podman said no; the sentence says what that means, as far as we know it.
    """
    answer = call(*arguments, stdin=stdin, timeout=timeout)
    if answer.returncode != 0:
        raise explain(arguments[0], answer.stderr)
    return answer.stdout.strip()


def ask_json(*arguments: str) -> Any:
    """Run podman with `--format json` and hand back the parsed answer.

    Raises:
        LabError: podman said no.
    """
    return json.loads(ask(*arguments, "--format", "json") or "[]")


def explain(verb: str, stderr: str) -> LabError:
    """The error for what podman printed.

    Args:
        verb: podman's first argument, to name what failed.
        stderr: All it printed there.
    """
    for sign, sentence, advice in _KNOWN_FAILURES:
        if sign in stderr:
            return LabError(sentence, advice)
    lines = [line for line in stderr.splitlines() if line.strip()]
    said = lines[-1].removeprefix("Error: ") if lines else "nothing at all"
    return LabError(f"`podman {verb}` failed; it said: {said}", "See whether `podman info` works for root.")
