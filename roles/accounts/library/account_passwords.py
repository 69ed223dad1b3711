#!/usr/bin/python
"""Moves password hashes to the shadow file, and puts an end to empty passwords. Makes no account and removes none."""

from __future__ import annotations

import os
import re
import shutil
import tempfile

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.opsharden_nofile import odd

DOCUMENTATION = r"""
module: account_passwords
short_description: Keep passwords where they belong
description:
  - Reads the account files as the system does. A line that is no account, or a second one of the same name, changes
    nothing for anybody.
  - Hashes are moved by pwconv(8), after it was tried on a copy of the files. Where it would change more than that, it
    is not run.
  - In place of an empty password comes C(*), which no password matches. Unlike C(!), it does not make sshd refuse the
    account's keys where it does not use PAM.
  - An account stays as it is, and is named, where this could leave somebody without a way in.
options:
  shadow: {description: Move hashes to the shadow file., type: bool, default: false}
  lock: {description: Put an end to empty passwords., type: bool, default: false}
"""

PASSWD, SHADOW = "/etc/passwd", "/etc/shadow"
_SSH = "/etc/ssh"
_NUMBER = re.compile(r"\s*[-+]?\d+")
# What pwconv reads and writes; the copies live in memory and are root's alone.
_COPIED = ("passwd", "shadow", "group", "gshadow", "login.defs")
_PRIVATE = "/run"


class Account:
    """An account as getpwnam(3) and getspnam(3) find it."""

    def __init__(self, fields: list[str], shadow: dict[str, str]) -> None:
        self.name, self.field, self.uid = fields[0], fields[1], fields[2].strip()
        self.home = fields[5] if len(fields) > 5 else ""
        self.whole = len(fields) == 7
        self.password = shadow.get(self.name) if self.field == "x" else self.field


def entries(path: str) -> list[list[str]]:
    """The lines of a file that the C library takes for entries, as fields; the first of each name."""
    if not os.path.exists(path):
        return []
    found: dict[str, list[str]] = {}
    with open(path, encoding="utf-8", errors="surrogateescape", newline="\n") as file:
        for line in file:
            fields = line.rstrip("\n").lstrip().split(":")
            if fields[0] and fields[0][0] not in "#+-" and is_entry(path, fields):
                found.setdefault(fields[0], fields)
    return list(found.values())


def is_entry(path: str, fields: list[str]) -> bool:
    """passwd(5) needs its two numbers, shadow(5) its dates: all of them, or as of old the first three."""
    if path == PASSWD:
        return len(fields) > 3 and all(_NUMBER.fullmatch(number) for number in fields[2:4])
    dates = fields[2:5] if len(fields) == 5 or fields[5:] == [""] else fields[2:8] if len(fields) > 8 else None
    return dates is not None and all(not date or _NUMBER.fullmatch(date) for date in dates)


def accounts() -> list[Account]:
    """All of them."""
    shadow = {fields[0]: fields[1] for fields in entries(SHADOW)}
    return [Account(fields, shadow) for fields in entries(PASSWD)]


class Passwords:
    """What was changed, and what was left and why."""

    def __init__(self, module: AnsibleModule) -> None:
        self.module = module
        self.done: list[str] = []
        self.left: list[str] = []

    def shadow(self) -> None:
        """Move hashes to the shadow file."""
        open_ = [account for account in accounts() if account.field != "x"]
        for account in open_:
            if not account.whole:
                self.left.append(f"pwconv passes over {account.name}: its line in {PASSWD} does not have seven fields.")
        open_ = [account for account in open_ if account.whole]
        if not open_:
            return
        reason = self._harm(open_)
        if reason:
            self.left.append(f"pwconv was not run: {reason}")
            return
        made = not os.path.exists(SHADOW)
        self.done.append(f"Moved to /etc/shadow, the passwords of: {', '.join(a.name for a in open_)}.")
        if not self.module.check_mode:
            self._run(["pwconv"])
            if made:  # as Debian's installer makes it, so that programs in the group can go on checking passwords
                shutil.chown(SHADOW, "root", "shadow")
                os.chmod(SHADOW, 0o640)

    def _harm(self, open_: list[Account]) -> str:
        """What pwconv does to a copy beyond moving these passwords; empty where it does nothing else."""
        folder = tempfile.mkdtemp(prefix="opsharden-", dir=_PRIVATE)
        try:
            os.mkdir(f"{folder}/etc", 0o700)
            for name in _COPIED:
                if os.path.exists(f"/etc/{name}"):
                    shutil.copy2(f"/etc/{name}", f"{folder}/etc/{name}")
            rc, _, err = self.module.run_command(["pwconv", "-R", folder])
            if rc:
                return f"it says {err.strip()!r}."
            return self._beyond(folder, open_)
        finally:
            shutil.rmtree(folder)

    def _beyond(self, folder: str, open_: list[Account]) -> str:
        names = {account.name for account in open_}
        for path in (PASSWD, SHADOW):
            before, after = lines(path), lines(folder + path)
            gone = [line for line in before if line not in after and line.split(":")[0].strip() not in names]
            come = [line for line in after if line not in before and line.split(":")[0] not in names]
            if gone or come:
                number, name = place(before, gone[0]) if gone else (0, come[0].split(":")[0])
                act = "would take away or change" if gone else "would add"
                return f"it {act} the line of {name} in {path}{f', line {number}' if number else ''}."
        return ""

    def lock(self) -> None:
        """Put an end to empty passwords."""
        empty = [account for account in accounts() if account.password == ""]
        locked = []
        for account in empty:
            reason = self._needs_it(account)
            if reason:
                self.left.append(f"{account.name} was not locked: {reason}")
                continue
            if not self.module.check_mode:
                self._run(["usermod", "-p", "*", "--", account.name])
            locked.append(account.name)
        if locked:
            self.done.append(f"Locked the empty password of: {', '.join(locked)}. Logins with a key go on.")
        if locked and not self.module.check_mode:
            still = [account.name for account in accounts() if account.password == "" and account.name in locked]
            if still:
                self.module.fail_json(msg=f"The password is empty as before: {', '.join(still)}.")

    def _needs_it(self, account: Account) -> str:
        """Why an account's empty password cannot go; empty where it can."""
        if not account.whole:
            return f"its line in {PASSWD} does not have seven fields, and usermod does not know it."
        has_key, sudo = self._has_key(account), self._sudo(account)
        ours = os.environ.get("SUDO_USER", "root") == account.name
        if account.uid == "0":
            return "it is how opsharden logs in, and has no key." if ours and not has_key else ""
        if sudo == "with a password":
            return "it may use sudo and would have no password to give: set one with passwd."
        if (sudo or ours) and not has_key:
            return (
                "it may use sudo and has no key, so it could not log in: set a password with passwd, or give it a key."
            )
        return ""

    def _sudo(self, account: Account) -> str:
        """How the account may use sudo: not at all, without or with a password."""
        if not self.module.get_bin_path("sudo"):
            return ""
        rc, out, _ = self.module.run_command(["sudo", "-n", "-l", "-U", account.name])
        rules = [line for line in out.splitlines() if re.match(r"\s+\(.*\)", line)]
        if rc or not rules:
            return ""
        # The last rule that fits counts, and that is most often the last one for all commands.
        last = [rule for rule in rules if re.search(r"\bALL$", rule)] or rules
        return "without a password" if "!authenticate" in out or "NOPASSWD:" in last[-1] else "with a password"

    def _has_key(self, account: Account) -> bool:
        """Whether sshd lets the account in by a key."""
        sshd = self.module.get_bin_path("sshd", opt_dirs=["/usr/sbin"])
        wanted = {"authorizedkeysfile": ".ssh/authorized_keys .ssh/authorized_keys2"}
        if sshd and not waits():
            _, out, _ = self.module.run_command(
                [sshd, "-T", "-C", f"user={account.name},host=localhost,addr=127.0.0.1"]
            )
            wanted.update(line.partition(" ")[::2] for line in out.splitlines())
        for pattern in wanted["authorizedkeysfile"].split():
            path = pattern.replace("%%", "\0").replace("%h", account.home).replace("%u", account.name)
            path = os.path.join(account.home, path.replace("%U", account.uid).replace("\0", "%"))
            if any(line.strip() and not line.startswith("#") for line in lines(path)):
                return True
        return False

    def _run(self, words: list[str]) -> None:
        rc, _, err = self.module.run_command(words)
        if rc:
            self.module.fail_json(msg=f"{words[0]} failed: {err.strip()}", opsharden_note=self.done)


def waits() -> bool:
    """Whether sshd would wait at a pipe among its files when it is asked."""
    found = (os.path.join(where, name) for where, _, names in os.walk(_SSH, followlinks=True) for name in names)
    return any(odd(path) == "a pipe" for path in found)


def lines(path: str) -> list[str]:
    """The lines of a file; none where there is no such file."""
    if not os.path.isfile(path):
        return []
    with open(path, encoding="utf-8", errors="surrogateescape", newline="\n") as file:
        return file.read().splitlines()


def place(all_lines: list[str], line: str) -> tuple[int, str]:
    """A line's number and the name in it: never the line itself, which may hold a hash."""
    return all_lines.index(line) + 1, line.partition(":")[0].strip() or "nobody"


def main() -> None:
    """What Ansible runs."""
    spec = {"shadow": {"type": "bool", "default": False}, "lock": {"type": "bool", "default": False}}
    module = AnsibleModule(argument_spec=spec, supports_check_mode=True)
    passwords = Passwords(module)
    if module.params["shadow"]:
        passwords.shadow()
    if module.params["lock"]:
        passwords.lock()
    for sentence in passwords.left:
        module.warn(sentence)
    note = passwords.done + passwords.left
    module.exit_json(changed=bool(passwords.done), msg=" ".join(note), opsharden_note=note, left=passwords.left)


if __name__ == "__main__":
    main()
