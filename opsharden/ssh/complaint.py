"""What OpenSSH complains about, in the house's words."""

from __future__ import annotations

import re

from opsharden.errors import Unreachable
from opsharden.model import Host
from opsharden.ssh.advice import COMPARE, LET_IN, LOGIN, REINSTALLED, THROUGH, UP, WELL, of_jump
from opsharden.ssh.invocation import PASSED, detour, jumps, names
from opsharden.visible import quoted, visible

_SETTINGS = "See ansible_ssh_common_args, ansible_ssh_extra_args and ~/.ssh/config."
_LONGEST = 8192
_KNOWN = (
    # What is sure comes first: the last line often says no more than that the connection is closed.
    (
        r"(?s)fingerprint for the (?P<kind>\S+) key sent by the remote host is\s+(?P<shown>\S+?)\.?\n"
        r".*Offending (?:\S+ )?key(?: for \S+)? in (?P<file>[^\n]+):(?P<line>\d+)"
        r".*Host key for (?P<where>\S+) has changed",
        "The host key of {who} has changed: it shows {shown} ({kind}), pinned is another in {file} line {line}.",
        REINSTALLED,
    ),
    (r"host key for (?P<where>\S+) has changed", "The host key of {who} has changed.", REINSTALLED),
    (
        r"host key for (?P<where>\S+) (?:is|was) (?:marked as )?revoked",
        "The host key of {who} is revoked.",
        "Give the host a new key, and find out who else has the old one.",
    ),
    (r"host key is known for (?P<where>\S+) and", "The host key of {who} is not known.", COMPARE),
    (r"host key verification failed", "The host key of {who} is not known.", COMPARE),
    (
        r"(?:command-line: line 0: )?"
        r"(?P<why>bad configuration option.*|.*\bline \d+: .*|bad owner or permissions on .*)",
        "OpenSSH cannot work with the arguments or the ssh_config of {who}: {why}.",
        _SETTINGS,
    ),
    (
        r"could not resolve hostname (?P<where>\S+): ",
        "{who} cannot be reached at {where}: the name does not resolve.",
        UP,
    ),
    (
        r"connect to host (?P<where>\S+) port (?P<port>\d+): (?P<why>.+)",
        "{who} cannot be reached at {where} port {port}: {why}.",
        UP,
    ),
    (
        r"open failed: (?P<why>administratively prohibited.*)",
        "{who} cannot be reached through its jump host: {why}.",
        THROUGH,
    ),
    (r"open failed: (?P<why>.+)", "{who} cannot be reached through its jump host: {why}.", UP),
    (
        r'load key "(?P<file>.+)(?<!\.pub)": (?P<why>.+)(?s:.*)@(?P<where>\S+): permission denied',
        "{who} refused the login: the key {file} cannot be used ({why}).",
        LOGIN,
    ),
    (
        r"(?P<user>\S+)@(?P<where>\S+): permission denied \((?P<methods>.*)\)",
        "{who} refused the login as {user}: it takes {methods} only.",
        LOGIN,
    ),
    (r"too many authentication failures", "{who} refused the login: it was offered too many keys.", LOGIN),
    (
        r"unable to negotiate with (?P<where>\S+) port \d+: (?P<why>.+)",
        "{who} speaks no cryptography that is still strong: {why}.",
        "Update its sshd.",
    ),
    (
        r"timed out during banner exchange|timeout, server \S+ not responding",
        "{who} accepted the connection but did not answer in time.",
        WELL,
    ),
    (
        r"(?P<why>(?:connection (?:closed|reset|to \S+ closed)|received disconnect).*)",
        "{who} ended the connection: {why}.",
        LET_IN,
    ),
    (r"(?P<why>.*\S)\s*\Z", "OpenSSH did not get to {who}: {why}.", UP),
    (r"\A\s*\Z", "OpenSSH did not get to {who} and gave no reason.", UP),
)


def refusal(host: Host, said: str) -> Unreachable:
    """Why OpenSSH did not get in.

    Args:
        host: The one at the end of the way; the complaint may be about a jump host.
        said: All that ssh printed to stderr.
    """
    stuck = _stuck(host, said)
    # Cut: our patterns take their time with long texts, and a host's banner is in it.
    said = visible(said.replace("\r", ""))[-_LONGEST:]
    for pattern, sentence, advice in _KNOWN:
        found = re.search(pattern, said, re.IGNORECASE)
        if found:
            words = {name: quoted(text or "") for name, text in found.groupdict().items()}
            if "why" in words:
                words["why"] = words["why"].lower()
            where = words.get("where", "")
            stranger = bool(where) and where not in names(host)
            if stranger and detour(host):
                return of_jump(sentence.format(who=f"the jump host {where}", **words), advice)
            if stuck and not where and advice is not _SETTINGS:
                return of_jump(sentence.format(who=stuck, **words), advice)
            return Unreachable(sentence.format(who=where if stranger else host.name, **words), advice)
    raise AssertionError("the last two patterns fit everything")


def _stuck(host: Host, said: str) -> str:
    """The jump host that does not let us pass, for people; empty where all did, or there are none."""
    jump = jumps(host)
    if not jump or said.count(PASSED.decode()) > jump.count(","):
        return ""
    return f"a jump host on the way to {host.name}" if "," in jump else f"the jump host {jump}"
