"""What OpenSSH complains about, in the house's words."""

from __future__ import annotations

import re

from opsharden.errors import Unreachable
from opsharden.model import Host
from opsharden.ssh.hostkeys import place
from opsharden.visible import quoted, visible

_UP = "Is the host up, the address right, the port open?"
_LET_IN = "Is an SSH server there, and does it let this machine in (MaxStartups, PerSourcePenalties)?"
_WELL = "Is its sshd well?"
_COMPARE = "Compare it with `ssh-keygen -lf` on the host itself; `opsharden bootstrap --fingerprint` pins it."
_REINSTALLED = "If the host was reinstalled, remove that line and bootstrap it again; else find out who answers."
_KEY = "Check user and key; `opsharden bootstrap` puts the key in place."

_LONGEST = 8192
_KNOWN = (
    # What is sure comes first: the last line often says no more than that the connection is closed.
    (
        r"(?s)fingerprint for the (?P<kind>\S+) key sent by the remote host is\s+(?P<shown>\S+?)\.?\n"
        r".*Offending (?:\S+ )?key(?: for \S+)? in (?P<file>[^\n]+):(?P<line>\d+)"
        r".*Host key for (?P<where>\S+) has changed",
        "The host key of {who} has changed: it shows {shown} ({kind}), pinned is another in {file} line {line}.",
        _REINSTALLED,
    ),
    (r"host key for (?P<where>\S+) has changed", "The host key of {who} has changed.", _REINSTALLED),
    (
        r"host key for (?P<where>\S+) (?:is|was) (?:marked as )?revoked",
        "The host key of {who} is revoked.",
        "Give the host a new key, and find out who else has the old one.",
    ),
    (r"host key is known for (?P<where>\S+) and", "The host key of {who} is not known.", _COMPARE),
    (r"host key verification failed", "The host key of {who} is not known.", _COMPARE),
    (
        r"(?:command-line: line 0: )?"
        r"(?P<why>bad configuration option.*|.*\bline \d+: .*|bad owner or permissions on .*)",
        "OpenSSH cannot work with the arguments or the ssh_config of {who}: {why}.",
        "See ansible_ssh_common_args, ansible_ssh_extra_args and ~/.ssh/config.",
    ),
    (
        r"could not resolve hostname (?P<where>\S+): ",
        "{who} cannot be reached at {where}: the name does not resolve.",
        _UP,
    ),
    (
        r"connect to host (?P<where>\S+) port (?P<port>\d+): (?P<why>.+)",
        "{who} cannot be reached at {where} port {port}: {why}.",
        _UP,
    ),
    (r"open failed: (?P<why>.+)", "{who} cannot be reached through its jump host: {why}.", _UP),
    (
        r'load key "(?P<file>.+)(?<!\.pub)": (?P<why>.+)(?s:.*)@(?P<where>\S+): permission denied',
        "{who} refused the login: the key {file} cannot be used ({why}).",
        _KEY,
    ),
    (
        r"(?P<user>\S+)@(?P<where>\S+): permission denied \((?P<methods>.*)\)",
        "{who} refused the login as {user}: it takes {methods} only.",
        _KEY,
    ),
    (r"too many authentication failures", "{who} refused the login: it was offered too many keys.", _KEY),
    (
        r"unable to negotiate with (?P<where>\S+) port \d+: (?P<why>.+)",
        "{who} speaks no cryptography that is still strong: {why}.",
        "Update its sshd.",
    ),
    (
        r"timed out during banner exchange|timeout, server \S+ not responding",
        "{who} accepted the connection but did not answer in time.",
        _WELL,
    ),
    (
        r"(?P<why>(?:connection (?:closed|reset|to \S+ closed)|received disconnect).*)",
        "{who} ended the connection: {why}.",
        _LET_IN,
    ),
    (r"(?P<why>.*\S)\s*\Z", "OpenSSH did not get to {who}: {why}.", _UP),
    (r"\A\s*\Z", "OpenSSH did not get to {who} and gave no reason.", _UP),
)


def refusal(host: Host, said: str) -> Unreachable:
    """Why OpenSSH did not get in.

    Args:
        host: The one at the end of the way; it may be one on the way that the complaint is about.
        said: All that ssh printed to stderr.
    """
    # Cut: our patterns take their time with long texts, and a host's banner is in it.
    said = visible(said.replace("\r", ""))[-_LONGEST:]
    for pattern, sentence, advice in _KNOWN:
        found = re.search(pattern, said, re.IGNORECASE)
        if found:
            words = found.groupdict()
            own = (None, host.address, place(host.address, host.port))
            who = host.name if words.get("where") in own else words["where"]
            words = {name: quoted(text or "") for name, text in words.items()}
            if "why" in words:
                words["why"] = words["why"].lower()
            return Unreachable(sentence.format(who=who, **words), advice)
    raise AssertionError("the last two patterns fit everything")
