"""Where passwords lie, and that there is one. No observation holds a hash: the commands print names and kinds only."""

import re

import pytest

from opsharden.model import Mismatch

# The lines of passwd(5) that the C library takes for accounts, the first of each name: the kind of password, the
# line's number, the number of its fields, the name. And other lines in which something looks like a hash.
ACCOUNTS = (
    r"""awk -F: '{sub(/^[ \t]+/, "")} """
    r"""!/^[#+-]/ && $1 != "" && $3 ~ /^ *[-+]?[0-9]+$/ && $4 ~ /^ *[-+]?[0-9]+$/ && !($1 in seen) """
    r"""{seen[$1]; print ($2 == "x" ? "x" : $2 == "" ? "empty" : "set"), FNR, NF, $1; next} """
    r"""/:\$[^:]/ {print "stray", FNR, NF, "-"}' /etc/passwd"""
)
# The entries of shadow(5) with an empty password: nine fields, or five as of old, and dates in them.
EMPTY = (
    r"""test ! -e /etc/shadow || awk -F: '{sub(/^[ \t]+/, "")} """
    r"""!/^[#+-]/ && $1 != "" && $3 $4 $5 ~ /^[-0-9]*$/ && (8 < NF) + (NF == 5) + (NF == 6 && $6 == "") """
    r"""&& !($1 in seen) {seen[$1]; if ($2 == "") print FNR, $1}' /etc/shadow"""
)
# Names in shadow(5) that no line of passwd(5) has: pwconv(8) takes them away.
ORPHANS = (
    r"""test ! -e /etc/shadow || awk -F: '{sub(/^[ \t]+/, "")} FILENAME == "/etc/passwd" {seen[$1]; next} """
    r"""!/^[#+-]/ && NF == 9 && !($1 in seen) {print FNR, $1}' /etc/passwd /etc/shadow"""
)
# Where there is a pipe among its files, sshd would wait; then it is taken to work as Debian sets it up.
FOR_ACCOUNT = "find -L /etc/ssh -type p -exec false {} + && /usr/sbin/sshd -T -C %s"
HOLDS_A_KEY = "test -f %s && grep -qsvE '^[[:space:]]*(#|$)' -- %s"
LOGIN = "echo ${SUDO_USER:-root}"
SHADOWED = "in the shadow file"
LOCKED = "locked, or a password"


def accounts(host):
    """Name to kind of password, line and number of fields; what is no account under an empty name."""
    found = {}
    for line in host.check_output(ACCOUNTS).splitlines():
        kind, number, fields, name = line.split(" ", 3)
        found["" if kind == "stray" else name] = (kind, number, int(fields))
    return found


@pytest.mark.control("usr-shadowed", root=False)
def test_hashes_are_in_the_shadow_file(host):
    wrong = []
    found = accounts(host)
    unshadowed = {name: each for name, each in found.items() if each[0] != "x"}
    harm = pwconv_would_harm(host) if any(unshadowed) else ""
    for name, (_, number, fields) in unshadowed.items():
        place = f"/etc/passwd:{number}"
        if not name:
            by_hand = f"/etc/passwd, line {number}, is no account but seems to hold a hash: take it out with vipw."
            wrong.append(Mismatch(f"line {number} of /etc/passwd", "something like a hash", "none", place, by_hand))
            continue
        short = f"/etc/passwd, line {number}, does not have seven fields and pwconv passes over it: mend it with vipw."
        wrong.append(Mismatch(f"password of {name}", "in /etc/passwd", SHADOWED, place, harm if fields == 7 else short))
    assert wrong == []


def pwconv_would_harm(host):
    """What pwconv would do beyond moving passwords; empty where it would not, or where only root could know."""
    orphans = [line.split(" ", 1) for line in host.run(ORPHANS).stdout.splitlines()]
    if not orphans:
        return ""
    said = ", ".join(f"{name} (line {number})" for number, name in orphans)
    return f"pwconv would take these out of /etc/shadow, so it is not run: {said}. Take them out with vipw -s yourself."


@pytest.mark.control("usr-no-empty-pw")
def test_no_password_is_empty(host):
    found = accounts(host)
    wrong = {
        name: Mismatch(f"password of {name}", "empty", LOCKED, f"/etc/passwd:{number}", needs_it(host, name, fields))
        for name, (kind, number, fields) in found.items()
        if kind == "empty"
    }
    for line in host.check_output(EMPTY).splitlines():
        number, name = line.split(" ", 1)
        # A line of the shadow file is no account by itself; the account may be in a directory, though.
        known = host.run_expect([0, 2], "getent passwd %s", name).stdout.split(":")
        if name in wrong or len(known) < 2 or known[1] != "x":
            continue
        elsewhere = f"{name} is no account of this host's, but its line {number} in /etc/shadow counts: take it out."
        by_hand = needs_it(host, name, found[name][2]) if name in found else elsewhere
        wrong[name] = Mismatch(f"password of {name}", "empty", LOCKED, f"/etc/shadow:{number}", by_hand)
    assert list(wrong.values()) == []


def needs_it(host, name, fields):
    """Why apply leaves an account's empty password, if it does: somebody would lose the way in."""
    if fields != 7:
        return f"{name} has a line in /etc/passwd without seven fields, which usermod does not know: mend it with vipw."
    account = host.check_output("getent passwd %s", name).split(":")
    ours = host.check_output(LOGIN) == name
    key = has_key(host, name, account[2], account[5])
    if account[2] == "0":
        return f"{name} is how opsharden logs in, and has no key: give it one." if ours and not key else ""
    said = host.run("sudo -n -l -U %s", name)
    rules = [line for line in said.stdout.splitlines() if re.match(r"\s+\(.*\)", line)] if said.rc == 0 else []
    if rules:
        last = ([rule for rule in rules if rule.endswith("ALL")] or rules)[-1]
        if "NOPASSWD:" not in last and "!authenticate" not in said.stdout:
            return f"{name} may use sudo and would have no password to give: set one with `passwd {name}`."
    if (rules or ours) and not key:
        return f"{name} may use sudo and has no key, so it could not log in: set a password with `passwd {name}`."
    return ""


def has_key(host, name, uid, home):
    """Whether sshd lets the account in by a key."""
    said = host.run(FOR_ACCOUNT, f"user={name},host=localhost,addr=127.0.0.1")
    paths = re.search(r"^authorizedkeysfile (.*)$", said.stdout, re.MULTILINE)
    for word in (paths[1] if paths else ".ssh/authorized_keys .ssh/authorized_keys2").split():
        path = word.replace("%h", home).replace("%u", name).replace("%U", uid).replace("%%", "%")
        path = path if path.startswith("/") else f"{home}/{path}"
        if host.run(HOLDS_A_KEY, path, path).rc == 0:
            return True
    return False
