"""What new files are born without, in every session of a person: over SSH, at the console, by su, sudo and cron."""

import re

import pytest

from opsharden.errors import Unanswered
from opsharden.model import Mismatch
from opsharden.probe.reading.sshd import by_default, effective, waits

SERVICES = ("login", "sshd", "su", "su-l", "sudo", "sudo-i", "cron")
COMMON = ("/etc/pam.d/common-session", "/etc/pam.d/common-session-noninteractive")
# An account can have a mask of its own, in the fifth field of its line: pam_umask(8).
OF_ACCOUNTS = "awk -F: 'match($5, /umask=[^,]*/) {print FNR, substr($5, RSTART, RLENGTH), $1}' /etc/passwd"
LOGIN_DEFS = "/etc/login.defs"
OWN = "/etc/profile.d/zz-opsharden-umask.sh"  # apply's own
# YAML takes 027 without quotes for the number 23.
MEANT = {"027": 0o027, "0027": 0o027, "27": 0o027, "23": 0o027, "077": 0o077, "0077": 0o077, "77": 0o077, "63": 0o077}
UMASK = re.compile(r"umask(?:\s+-[pS]+)*(?:\s+(?P<value>\"[^\"]*\"|'[^']*'|(?!\d?[<>])\S+))?.*")
KEPT = re.compile(r"(\w+)=[\"']?(?:\$\(|`)\s*umask\b")  # a variable that holds what the mask was before
FIRST_WITH_GROUPS = 13  # the Debian release whose pam_umask gives the group of a user's name what the user has


@pytest.mark.control("acc-umask")
def test_new_files_are_closed(host, start_up, values):
    required = MEANT[str(values["accounts_umask"])]
    wanted = f"{required:03o} or stricter"
    said = login_defs(start_up)
    wrong = [
        *in_shells(start_up, required, wanted),
        *in_login_shells(start_up, required, wanted),
        *start_up.unreadable(),
        *(Mismatch("UMASK", text, wanted, where) for text, where, masks in said if lax(masks, required)),
        *([] if said else [Mismatch("UMASK in /etc/login.defs", "not set", wanted, by_hand=start_up.left(LOGIN_DEFS))]),
        *in_sessions(host, start_up, said, required, wanted),
        *of_accounts(host, required, wanted),
    ]
    assert list(dict.fromkeys(wrong)) == []


def lax(masks, required):
    """Whether what a mask may mean is not strict enough; a mask that means nothing is not."""
    return not masks or any(mask & required != required for mask in masks)


def octal(text):
    return [int(text, 8)] if re.fullmatch(r"[0-7]+", text) else []


def login_defs(start_up):
    """Each UMASK of login.defs(5): as it is written, where, and what it may mean."""
    found = []
    for number, text in start_up.login_defs():
        value = text.split()[1].strip('"')
        # pam_umask reads octal; useradd takes 27 for decimal, as C does.
        decimal = [int(value)] if value.isdigit() and not value.startswith("0") else []
        found.append((value, f"{LOGIN_DEFS}:{number}", octal(value) and octal(value) + decimal))
    return found


def in_shells(start_up, required, wanted):
    """What start-up files of all shells and of root's say against it."""
    paths = start_up.all_files()
    for path in paths:
        before = {name for _, text in start_up.lines.get(path, ()) for name in KEPT.findall(text)}
        for command in start_up.commands(path, paths):
            match = UMASK.fullmatch(command.text)
            value = match["value"].strip("\"'") if match and match["value"] else ""
            if not value or value.strip("${}") in before:
                continue
            loose = loosens(value, required)
            by_hand = (
                f"{command.where}: what `{command.text}` sets cannot be told; write the mask out, or take it away."
            )
            if loose is None:
                yield Mismatch("umask", command.text, wanted, command.where, by_hand)
            elif loose:
                yield Mismatch("umask", command.text, wanted, command.where)


def in_login_shells(start_up, required, wanted):
    """Login shells that begin without PAM have nothing but their files: one of these is to set the mask."""
    for command in start_up.system_wide(login=True):
        match = UMASK.fullmatch(command.text)
        value = match["value"].strip("\"'") if match and match["value"] else ""
        # What stands behind something else, or indented, may be for some only, and so is what only root can read.
        if (
            not command.roots
            and command.line.startswith(command.text)
            and (sets_all(value, required) or not lax(octal(value), required))
        ):
            return
    yield Mismatch("umask of login shells", "not set", wanted, by_hand=start_up.left(OWN))


def sets_all(value, required):
    """Whether a mask in letters takes away all that is required."""
    return value == ("g-w,o-rwx" if required == 0o027 else "go-rwx")


def loosens(value, required):
    """Whether `umask VALUE` gives what is to be taken away; None where that cannot be told."""
    if octal(value):
        return lax(octal(value), required)
    if not re.fullmatch(r"([ugoa]*[-+=][rwx]*)(,[ugoa]*[-+=][rwx]*)*", value):
        return None
    given = 0
    for who, sign, what in re.findall(r"([ugoa]*)([-+=])([rwx]*)", value):
        bits = sum({"r": 4, "w": 2, "x": 1}[letter] for letter in set(what)) if sign != "-" else 0
        for names, shift in (("ga", 3), ("oa", 0)):
            given |= bits << shift if not who or set(who) & set(names) else 0
    return bool(given & required)


def in_sessions(host, start_up, said, required, wanted):
    """Sessions that do not get the mask when they begin: pam.d(5), with what its files include."""
    lines = {
        path: [(f"{path}:{number}", text.partition("#")[0].split()) for number, text in texts]
        for path, texts in start_up.rules().items()
    }
    for path in (*COMMON, *(f"/etc/pam.d/{service}" for service in SERVICES)):
        if what := start_up.odd_at(path):
            yield Mismatch(path, what, "a file of rules for sessions", by_hand=start_up.left(path))
    if not set(COMMON) & lines.keys() and not any(map(start_up.left, COMMON)):
        raise FileNotFoundError("grep shows no /etc/pam.d/common-session.")
    found = {}
    for service in SERVICES:
        if f"/etc/pam.d/{service}" in lines:
            found.setdefault(asked(lines, f"/etc/pam.d/{service}"), []).append(service)
    yield from goes_on(lines)
    for (place, options), services in found.items():
        yield from _session(host, place, options, services, said, required, wanted)
    said, pipes = effective(host, by_default)
    yield from (Mismatch("sessions over SSH", f"sshd waits at {each}", wanted, by_hand=waits(each)) for each in pipes)
    if said.rc:
        raise Unanswered(f"sshd does not say how it works: {said.stderr.strip() or 'it cannot be run'}.")
    if re.search(r"^usepam no$", said.stdout, re.MULTILINE):
        by_hand = "sshd does not use PAM (UsePAM no), so sessions over SSH get no mask: set UsePAM yes."
        yield Mismatch("sessions over SSH", "no mask", wanted, by_hand=by_hand)


def asked(lines, path, within=()):
    """Where a service asks pam_umask, and how; the last one counts. What it includes where it does not ask."""
    last = ("", tuple(sorted(include(lines, path))))
    for where, words in lines.get(path, ()):
        named = includes(words)
        modules = [at for at, word in enumerate(words) if word.rpartition("/")[2] == "pam_umask.so"]
        if named and f"/etc/pam.d/{named}" not in (path, *within):
            inner = asked(lines, f"/etc/pam.d/{named}", (path, *within))
            last = inner if inner[0] else last
        elif modules:
            last = (where, tuple(words[modules[0] + 1 :]))
    return last


def includes(words):
    """The service whose lines a line stands for."""
    return words[1] if words[0] == "@include" else words[2] if words[1:2] in (["include"], ["substack"]) else ""


def include(lines, path, within=()):
    """The common files that a service reads, itself or by others."""
    named = {f"/etc/pam.d/{word}" for _, words in lines.get(path, ()) for word in words}
    others = {f"/etc/pam.d/{name}" for _, words in lines.get(path, ()) if (name := includes(words))}
    more = [include(lines, each, (path, *within)) for each in others - {path, *within}]
    return (named & set(COMMON)).union(*more)


def goes_on(lines):
    """Lines that go on in the next one, and may be about pam_umask: what they say was not asked for."""
    for path, said in lines.items():
        if path not in COMMON and path.removeprefix("/etc/pam.d/") not in SERVICES:
            continue
        for where, words in said:
            modules = [word.rpartition("/")[2] for word in words if word.endswith(".so")]
            if words[-1:] == ["\\"] and (not modules or "pam_umask.so" in modules):
                by_hand = f"{where} goes on in the next line, which apply does not change: write it in one line."
                yield Mismatch("pam_umask", "cannot be told", "a rule in one line", where, by_hand)


def _session(host, place, options, services, said, required, wanted):
    what = f"sessions of {', '.join(services)}"
    if not place:
        by_hand = f"/etc/pam.d/{services[0]} reads no common-session: add `session optional pam_umask.so nousergroups`."
        yield Mismatch(what, "pam_umask is not used", wanted, by_hand="" if options else by_hand)
        return
    own = [option.partition("=")[2] for option in options if option.startswith("umask=")]
    masks = octal(own[-1]) if own else said[0][2][:1] if said else []
    found = own[-1] if own else "as /etc/login.defs says"
    if own and lax(masks, required):
        yield Mismatch(what, f"umask={found}", wanted, place)
    groups = [option for option in options if option in ("usergroups", "nousergroups")][-1:]
    if groups != ["nousergroups"] and (groups or float(host.system_info.release or "99") >= FIRST_WITH_GROUPS):
        with_groups = [mask & ~0o070 | (mask >> 3 & 0o070) for mask in masks]
        if not lax(masks, required) and lax(with_groups, required):
            yield Mismatch(what, f"{with_groups[0]:03o} where a group has its user's name (usergroups)", wanted, place)


def of_accounts(host, required, wanted):
    """Accounts that have a looser mask of their own."""
    for line in host.check_output(OF_ACCOUNTS).splitlines():
        number, mask, name = line.split(maxsplit=2)
        value = mask.partition("=")[2]
        if lax(octal(value), required):
            by_hand = f"/etc/passwd, line {number}: apply changes no account; take {mask} out with `usermod -c`."
            yield Mismatch(f"sessions of {name}", mask, wanted, f"/etc/passwd:{number}", by_hand)
