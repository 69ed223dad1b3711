"""What to do where a host cannot be reached: about the host itself, or about a jump host on the way to it."""

from __future__ import annotations

from opsharden.errors import Unreachable

UP = "Is the host up, the address right, the port open?"
WELL = "Is its sshd well?"
LET_IN = "Is an SSH server there, and does it let this machine in (MaxStartups, PerSourcePenalties)?"
COMPARE = "Compare it with `ssh-keygen -lf` on the host itself; `opsharden bootstrap --fingerprint` pins it."
REINSTALLED = "If the host was reinstalled, remove that line and bootstrap it again; else find out who answers."
LOGIN = "Check user and key; `opsharden bootstrap` puts the key in place."
LOGIN_BY_PASSWORD = "Check user, key and password; `opsharden bootstrap` puts the key in place."  # noqa: S105 - no password
THROUGH = "Does the jump host pass connections on to there (AllowTcpForwarding and PermitOpen in its sshd_config)?"
OF_COMMAND = "It is reached by its ProxyCommand, whose own words stand above: try that by hand."

_OWN = (
    "A jump host is logged in to as ProxyJump and ssh_config say (User and IdentityFile under its Host), or with a key "
    "of the agent, never with user and key of the host behind it."
)
_OF_JUMP = {
    UP: "Is the jump host up, its address right, its port open? ProxyJump and ssh_config say where it is.",
    WELL: "Is the sshd of the jump host well?",
    LET_IN: "Is an SSH server on the jump host, and does it let this machine in (MaxStartups, PerSourcePenalties)?",
    COMPARE: "Compare it with `ssh-keygen -lf` on the jump host itself and add it to ~/.ssh/known_hosts; a jump host "
    "that is in the inventory is bootstrapped before the hosts behind it.",
    REINSTALLED: "If the jump host was reinstalled, put its new key in place of that line; else find out who answers.",
    LOGIN: _OWN,
    LOGIN_BY_PASSWORD: _OWN,
}


class OnTheWay(Unreachable):
    """A jump host could not be reached or let nobody in: all hosts behind it wait for that."""


def of_jump(message: str, advice: str) -> OnTheWay:
    """What went wrong at a jump host, with advice that is about it and not about the host behind it.

    Args:
        message: A sentence in which the jump host is called so.
        advice: That of a host in its place.
    """
    return OnTheWay(f"{message[:1].upper()}{message[1:]}", _OF_JUMP.get(advice, advice))
