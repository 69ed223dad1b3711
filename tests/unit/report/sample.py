"""A run as it could be, and the nastiest things a host could say."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from opsharden.model import (
    Change,
    ChangeStatus,
    Control,
    Finding,
    HostStatus,
    Member,
    Observation,
    Risk,
    Run,
    RunRecord,
    RunState,
    Severity,
    Verdict,
)

START = datetime(2026, 11, 24, 14, 30, 55, tzinfo=UTC)
TESTED = ("db-01.example.org", "mail-01.example.org", "web-01.example.org", "web-02.example.org")
UNREACHED = "web-03.example.org"
EXCLUDED = "legacy-01.example.org"
NASTY_HOST = "mail-01.example.org"

NASTY = (
    '<script>window.pwned=1</script></script><img src=x onerror="window.pwned=1">'
    "<!-- </textarea> ' \" & {{ 7*7 }} {% raw %} \x1b[31mred\x1b[0m \x1b]0;title\x07 "
    "\u202etxt.exe\u202c \u2066x\u2069 \u200bzero [bold]markup[/bold] :smile: \x00\x9b2J\r\n=cmd|' /C calc'!A0"
)

_CONTROLS = """
ssh-no-root|ssh|high|1|Root cannot log in over SSH|A shared name hides who acted.
ssh-grace|ssh|low|1|An SSH connection that does not log in is dropped within a minute|Open connections fill the queue.
ssh-key-only|ssh|high|1|SSH takes keys, not passwords|A password can be guessed from anywhere, a key cannot.
ssh-ciphers|ssh|medium|1|SSH offers only strong ciphers|A weak cipher can be broken later from a recording.
ssh-max-auth|ssh|medium|1|SSH allows four attempts per connection|Fewer attempts slow guessing down.
ssh-banner|ssh|low|1|SSH shows the notice for users|Some laws ask that a warning is shown first.
ssh-idle|ssh|low|1|An idle SSH session ends|An unattended session is an open door.
net-forwarding|sysctl|medium|1|The host does not route|A host that routes can join networks that were kept apart.
net-redirects|sysctl|medium|1|ICMP redirects are ignored|A neighbour could send the traffic through itself.
net-source-route|sysctl|medium|1|Source-routed packets are dropped|The sender could choose a way around the firewall.
net-syncookies|sysctl|high|1|SYN cookies are on|A flood of half-open connections would lock users out.
net-rp-filter|sysctl|low|1|Packets with an impossible source are dropped|A forged source hides the sender.
net-martians|sysctl|low|1|Impossible packets are logged|What is not logged cannot be seen.
fs-tmp-noexec|fs|medium|1|Nothing runs from /tmp|Everybody can write there; a dropped program should not start.
fs-shm-noexec|fs|medium|1|Nothing runs from /dev/shm|Everybody can write there.
fs-sticky|fs|high|1|World-writable folders are sticky|Otherwise everybody can delete the files of others.
fs-unowned|fs|medium|1|Every file has an owner|The next account with that number would own it.
fs-suid|fs|high|2|Only known programs run as their owner|Each such program is a way to become root.
fs-passwd-mode|fs|critical|1|Only root reads the password hashes|Hashes that leak are cracked at leisure.
account-empty|accounts|critical|1|No account has an empty password|It can be used by anybody.
account-uid0|accounts|critical|1|Only root has uid 0|A second root hides in plain sight.
account-expire|accounts|medium|1|Passwords expire|A leaked password should not work for ever.
account-inactive|accounts|low|1|Unused accounts are locked|Nobody notices when they are used.
account-umask|accounts|low|1|New files are not readable by others|Files leak by default otherwise.
sudo-log|sudo|medium|1|sudo writes a log of its own|Who became root must be found in one place.
sudo-pty|sudo|medium|1|sudo runs programs in a terminal of their own|A program could type on after its end.
sudo-timeout|sudo|low|1|sudo asks again after a quarter of an hour|A terminal left open stays root otherwise.
audit-running|audit|high|2|The audit service runs|Without it, there is no record of who did what.
audit-identity|audit|medium|2|Changes to accounts are recorded|New accounts are how intruders stay.
audit-sudoers|audit|medium|2|Changes to sudo's rules are recorded|A changed rule is a way to become root.
audit-time|audit|low|2|Changes to the clock are recorded|Records mean little when the clock moved.
log-persistent|logging|medium|1|The journal survives a reboot|Intruders reboot to lose it.
log-forward|logging|high|1|Logs are sent to another host|What an intruder can delete proves nothing.
log-modes|logging|medium|1|Only administrators read the logs|Logs hold names, addresses and mistakes.
fw-default-drop|firewall|critical|1|What is not allowed is dropped|A new service would be open to all by default.
fw-loopback|firewall|medium|1|Only loopback uses loopback addresses|A forged address looks like the host itself.
fw-established|firewall|medium|1|Answers to own connections are let in|Without it nothing works.
pkg-updates|packages|high|1|Security updates install themselves|Most break-ins use faults that were fixed long ago.
pkg-signed|packages|critical|1|Only signed packages install|Anybody on the way could swap them.
pkg-telnet|packages|medium|1|There is no telnet client|It sends passwords in the clear.
boot-password|boot|medium|1|The boot menu asks for a password|Anybody at the console could start as root.
boot-modes|boot|medium|1|Only root reads the boot settings|They hold the password's hash.
time-sync|time|medium|1|The clock follows a time server|Logs of several hosts cannot be compared otherwise.
cron-modes|cron|medium|1|Only root changes scheduled jobs|They run as root.
cron-allow|cron|low|1|Only named users schedule jobs|Scheduled jobs are how intruders stay.
"""


def controls() -> dict[str, Control]:
    """The controls of the sample, by id."""
    rows = (line.split("|") for line in _CONTROLS.strip().splitlines())
    return {
        name: Control(
            id=name,
            title=title,
            why=why,
            severity=Severity(severity),
            role=role,
            level=int(level),
            risk=Risk.LOCKOUT_OR_OUTAGE if name in ("ssh-no-root", "fw-default-drop") else Risk.NONE,
            references={"cis-debian-12-v1.1.0": (f"5.1.{number}",), "nist-800-53r5": ("AC-6", "CM-6")},
        )
        for number, (name, role, severity, level, title, why) in enumerate(rows, 1)
    }


def observation(host: str, command: str, stdout: bytes, rc: int = 0, stderr: bytes = b"") -> Observation:
    """One answer of one host."""
    return Observation(host, command, rc, stdout, stderr, START + timedelta(seconds=3), 0.0123)


def run(**changes: object) -> Run:
    """The sample's run."""
    whole = Run(
        id="20261124-143055-7f3a",
        verb="verify",
        state=RunState.COMPLETE,
        started_at=START,
        ended_at=START + timedelta(seconds=48.2),
        operator="alice",
        control_node="control.example.org",
        command="opsharden verify -i inventories/production --profile baseline-1",
        version="0.1.0",
        inventory_digest="3f" * 32,
        content_digest="a7" * 32,
        profiles=("baseline-1",),
        exit_code=4,
    )
    return replace(whole, **changes)  # type: ignore[arg-type]


def record() -> RunRecord:
    """Four hosts tested, one unreachable, one excluded; 45 controls; every verdict; one host hostile."""
    known = controls()
    findings: list[Finding] = []
    seen: dict[str, Observation] = {}
    for number, host in enumerate(TESTED):
        for position, control in enumerate(known.values()):
            finding, observed = _look(host, control, (number * 3 + position * 7) % 11, number)
            findings.append(finding)
            seen |= {one.digest: one for one in observed}
    findings += [
        Finding(UNREACHED, name, Verdict.UNREACHABLE, reason="Connection to 192.0.2.13 port 22 timed out.")
        for name in known
    ]
    members = (
        *(Member(host, HostStatus.TESTED) for host in TESTED),
        Member(UNREACHED, HostStatus.UNREACHABLE, "Connection to 192.0.2.13 port 22 timed out."),
        Member(EXCLUDED, HostStatus.EXCLUDED, "Excluded by --limit '!legacy'."),
    )
    return RunRecord(run(), members, tuple(findings), _changes(), known, seen)


def _look(host: str, control: Control, dice: int, number: int) -> tuple[Finding, list[Observation]]:
    command = f"sudo -n cat /etc/opsharden/{control.id}.conf"
    seconds = 0.01 + dice / 500
    if host == NASTY_HOST and control.id in ("ssh-banner", "log-forward"):
        seen = observation(host, f"cat '{NASTY}'".replace("\x00", ""), NASTY.encode() + b"\xff\xfe", 1, NASTY.encode())
        verdict = Verdict.FAIL if control.id == "ssh-banner" else Verdict.ERROR
        return Finding(host, control.id, verdict, NASTY, NASTY, NASTY, (seen.digest,), seconds), [seen]
    if control.id in ("ssh-no-root", "net-forwarding", "fs-suid") or (
        dice < 2 and control.role not in ("time", "boot")
    ):
        value = (
            b"yes" if control.id != "fs-suid" else b"".join(b"/usr/bin/tool-%02d 4755\n" % n for n in range(number + 9))
        )
        seen = observation(host, command, value + b"\n")
        reason = f"assert {value.decode().split()[0]!r} == 'no'"
        found = Finding(host, control.id, Verdict.FAIL, value.decode(), "no", reason, (seen.digest,), seconds)
        return found, [seen]
    if control.role == "audit" and number == 0:
        reason = "This host is a container: the audit service belongs to the machine below it."
        return Finding(host, control.id, Verdict.NOT_APPLICABLE, reason=reason), []
    if control.role == "firewall" and number == 3:
        reason = "sudo refused: a password is required."
        seen = observation(host, command, b"", 1, b"sudo: a password is required\n")
        return Finding(host, control.id, Verdict.ERROR, "", "", reason, (seen.digest,), seconds), [seen]
    answers = [observation(host, command, b"no\n"), observation(host, f"stat -c %a /etc/{control.id}", b"600\n")]
    digests = tuple(seen.digest for seen in answers)
    return Finding(host, control.id, Verdict.PASS, "no", "no", "", digests, seconds), answers


def _changes() -> tuple[Change, ...]:
    changed = [Change(host, "ssh", "Write the settings of the SSH server", ChangeStatus.CHANGED) for host in TESTED]
    failed = Change(NASTY_HOST, "logging", "Start forwarding", ChangeStatus.FAILED, f"Unit not found. {NASTY}")
    return (*changed, Change(TESTED[0], "fs", "Set modes", ChangeStatus.CHANGED), failed)


def fleet(hosts: int, number: int, alike: bool = True) -> RunRecord:
    """A fleet of many hosts and controls; `alike` hosts give the same answers."""
    known = list(controls().values())
    many = {f"{known[n % 45].id}-{n}": replace(known[n % 45], id=f"{known[n % 45].id}-{n}") for n in range(number)}
    names = [f"node-{n:03}.example.org" for n in range(hosts)]
    seen: dict[str, Observation] = {}
    findings = [
        _member(name, h, c, control, seen, alike) for h, name in enumerate(names) for c, control in enumerate(many)
    ]
    members = tuple(Member(name, HostStatus.TESTED) for name in names)
    return RunRecord(run(), members, tuple(findings), (), many, seen)


def _member(host: str, h: int, c: int, control: str, seen: dict[str, Observation], alike: bool) -> Finding:
    fails = (h * 7 + c * 13) % 17 == 0
    who = "" if alike else f"# {host}\n"
    text = f"{who}{control} = {'yes' if fails else 'no'}\n" + "# a line of settings\n" * 12
    one = observation(host, f"cat /etc/{control}.conf", text.encode())
    seen.setdefault(one.digest, one)
    verdict = Verdict.FAIL if fails else Verdict.PASS
    return Finding(host, control, verdict, "yes" if fails else "no", "no", "", (one.digest,), 0.01)


def by_verdict(findings: Iterable[Finding]) -> Mapping[Verdict, int]:
    """Counted by hand, not by the code under test."""
    return {verdict: len([1 for finding in findings if finding.verdict == verdict]) for verdict in Verdict}
